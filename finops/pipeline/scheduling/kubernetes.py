"""A CronJob of Kubernetes with the volume and the service account that it needs; secrets and settings by reference."""

import re
import shlex
from typing import Any

import yaml

from finops import __version__
from finops.errors import UsageError
from finops.pipeline.scheduling.job import Job

_USER = 65532  # as in the Containerfile
_STATE, _SETTINGS, _SECRETS = "/var/lib/finops", "/etc/finops", "/run/credentials/finops"
# Neither busy (75) nor incomplete (3) nor stopped: what would end the same way is not tried again.
_FINAL = [1, 2, 4, 5, 70]
_VARIABLE = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
IMAGE = f"registry.example.com/finops:{__version__}"


def manifests(job: Job, image: str) -> str:
    """The manifests as YAML, to be applied to one namespace."""
    wrong = next((name for name in job.variables if not _VARIABLE.match(name)), None)
    if wrong:
        raise UsageError(
            f"The secret env:{wrong} cannot be handed to a container: name the variable plainly."
        )
    parts = [_account(), _volume(), _cron_job(job, image)]
    documents = [
        yaml.safe_dump(part, sort_keys=False, allow_unicode=True, width=110, default_flow_style=False)
        for part in parts
    ]
    return _comment(job) + "---\n".join(["", *documents])


def _comment(job: Job) -> str:
    """What has to be there before, as commands; names in them are quoted, and have no line breaks."""
    lines = [
        "# finops, every night. Build the image from the Containerfile, push it, and name it with --image.",
        "# In a namespace of its own:",
        "#   kubectl apply -n finops -f finops.yaml",
    ]
    files = {"finops.toml": job.config, "finops.mutes.toml": job.mutes}
    given = [shlex.quote(f"--from-file={name}={path}") for name, path in files.items() if path]
    if given:
        told = " ".join(given)
        lines += [
            "# The settings are a ConfigMap, and hold references to secrets only:",
            f"#   kubectl create configmap finops -n finops {told}",
        ]
    if job.variables or job.files:
        keys = [*job.variables, *job.files]
        lines += [
            f"# The Secret finops holds what finops.toml refers to, by these keys: {', '.join(keys)}.",
        ]
    lines += [
        "# The clouds' own credentials: bind the service account to a role by an annotation (IRSA, Workload Identity,",
        "# RRSA). No key is needed, and no token of Kubernetes is mounted.",
        "# A job may run twice or not at all (Kubernetes promises no more): a night is the same when it runs twice.",
    ]
    return "\n".join(lines) + "\n"


def _account() -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "finops"},
        "automountServiceAccountToken": False,
    }


def _volume() -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "finops"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "20Gi"}}},
    }


def _cron_job(job: Job, image: str) -> dict[str, Any]:
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "finops"},
        "spec": {
            "schedule": f"{job.minute} {job.hour} * * *",
            "timeZone": "Etc/UTC",
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": 3600,
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {
                "spec": {
                    "backoffLimit": 2,
                    "activeDeadlineSeconds": 7200,
                    "podFailurePolicy": {
                        "rules": [
                            {
                                "action": "FailJob",
                                "onExitCodes": {
                                    "containerName": "finops",
                                    "operator": "In",
                                    "values": _FINAL,
                                },
                            },
                            {
                                "action": "Ignore",
                                "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
                            },
                        ]
                    },
                    "template": {
                        "metadata": {"labels": {"app.kubernetes.io/name": "finops"}},
                        "spec": _pod(job, image),
                    },
                }
            },
        },
    }


def _pod(job: Job, image: str) -> dict[str, Any]:
    volumes: list[dict[str, Any]] = [
        {"name": "state", "persistentVolumeClaim": {"claimName": "finops"}},
        {"name": "tmp", "emptyDir": {"sizeLimit": "10Gi"}},
    ]
    if job.config or job.mutes:
        volumes.append({"name": "settings", "configMap": {"name": "finops"}})
    if job.files:
        items = [{"key": name, "path": name} for name in job.files]
        volumes.append(
            {"name": "secrets", "secret": {"secretName": "finops", "defaultMode": 0o440, "items": items}}
        )
    return {
        "restartPolicy": "Never",
        "serviceAccountName": "finops",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 30,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "fsGroup": _USER,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(job, image)],
        "volumes": volumes,
    }


def _container(job: Job, image: str) -> dict[str, Any]:
    config = ["--config", f"{_SETTINGS}/finops.toml"] if job.config else []
    profile = ["--profile", job.profile] if job.profile else []
    mounts: list[dict[str, Any]] = [
        {"name": "state", "mountPath": _STATE},
        {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - an emptyDir of the pod's own
    ]
    if job.config or job.mutes:
        mounts.append({"name": "settings", "mountPath": _SETTINGS, "readOnly": True})
    if job.files:
        mounts.append({"name": "secrets", "mountPath": _SECRETS, "readOnly": True})
    return {
        "name": "finops",
        "image": image,
        # Kubernetes would take $(NAME) for a variable.
        "args": [
            part.replace("$(", "$$(")
            for part in ["--db", f"{_STATE}/{job.db.name}", *config, *profile, "nightly"]
        ],
        "workingDir": _STATE,
        "env": _environment(job),
        # Above memory_limit of finops.toml there must be room for Python.
        "resources": {"requests": {"cpu": "500m", "memory": "3Gi"}, "limits": {"memory": "4Gi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": mounts,
    }


def _environment(job: Job) -> list[dict[str, Any]]:
    plain: dict[str, str] = {"HOME": _STATE, "TMPDIR": "/tmp", "NO_COLOR": "1"}  # noqa: S108
    if job.mutes:
        plain["FINOPS_MUTES"] = f"{_SETTINGS}/finops.mutes.toml"
    if job.files:
        plain["CREDENTIALS_DIRECTORY"] = _SECRETS
    told: list[dict[str, Any]] = [{"name": name, "value": value} for name, value in plain.items()]
    return told + [
        {"name": name, "valueFrom": {"secretKeyRef": {"name": "finops", "key": name}}}
        for name in job.variables
    ]
