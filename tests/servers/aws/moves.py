"""Changes to the estate behind everybody's back, for tests of what a second collection sees."""

from collections.abc import Callable
from typing import Any

from tests.servers.aws import ec2_extras, state
from tests.servers.aws.machines import describe, finish_volume, root_volume


def move(asked: dict[str, Any]) -> str | None:
    """Do one thing to one resource; returns the id of what was made."""
    backend = ec2_extras.backend((asked.get("account", state.ACCOUNT), asked["region"]))
    return _MOVES[asked["action"]](backend, asked["id"], asked)


def run_instance(backend: Any, kind: str, asked: dict[str, Any]) -> str:
    """A machine of our image for Linux, launched now."""
    (image,) = backend.describe_images(filters={"name": ["golden-linux"]})
    subnets = backend.get_default_subnets()
    made = backend.run_instances(
        image.id, 1, None, [], instance_type=kind, is_instance_type_default=True, region_name=asked["region"],
        subnet_id=subnets[min(subnets)].id, nics=[], tags={"instance": asked.get("tags", {})}, monitoring_state="disabled",
        associate_public_ip=False,
        block_device_mappings=[
            {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20, "VolumeType": "gp3", "DeleteOnTermination": True}}
        ],
    ).instances[0]  # fmt: skip
    describe(made, "linux", state.CLOCK.now())
    root_volume(made, state.CLOCK.now())
    return str(made.id)


def create_volume(backend: Any, kind: str, asked: dict[str, Any]) -> str:
    """A volume that nothing holds, made now."""
    volume = backend.create_volume(200, min(backend.get_default_subnets()), volume_type=kind)
    finish_volume(volume, state.CLOCK.now())
    return str(volume.id)


def attach_volume(backend: Any, name: str, asked: dict[str, Any]) -> None:
    backend.attach_volume(name, asked["instance"], "/dev/sdz", False)
    volume = backend.volumes[name]
    finish_volume(volume, volume.create_time, state.CLOCK.now())


def terminate(backend: Any, name: str, asked: dict[str, Any]) -> None:
    backend.terminate_instances([name])


def stop(backend: Any, name: str, asked: dict[str, Any]) -> None:
    backend.stop_instances([name])
    backend.get_instance(name)._reason = f"User initiated ({state.CLOCK.now():%Y-%m-%d %H:%M:%S} GMT)"


def start(backend: Any, name: str, asked: dict[str, Any]) -> None:
    backend.start_instances([name])
    backend.get_instance(name).launch_time = state.CLOCK.now()


def delete_volume(backend: Any, name: str, asked: dict[str, Any]) -> None:
    if backend.volumes[name].attachment:
        detach_volume(backend, name, asked)
    del backend.volumes[name]


def detach_volume(backend: Any, name: str, asked: dict[str, Any]) -> None:
    attachment = backend.volumes[name].attachment
    backend.detach_volume(name, attachment.instance.id, attachment.device)


def release_address(backend: Any, name: str, asked: dict[str, Any]) -> None:
    backend.release_address(allocation_id=name)


def retype(backend: Any, name: str, asked: dict[str, Any]) -> None:
    backend.get_instance(name).instance_type = asked["type"]


def tag(backend: Any, name: str, asked: dict[str, Any]) -> None:
    backend.create_tags([name], asked["tags"])


_MOVES: dict[str, Callable[[Any, str, dict[str, Any]], str | None]] = {
    "run-instance": run_instance, "create-volume": create_volume, "attach-volume": attach_volume,
    "terminate": terminate, "stop": stop, "start": start, "delete-volume": delete_volume, "detach-volume": detach_volume,
    "release-address": release_address, "retype": retype, "tag": tag,
}  # fmt: skip
