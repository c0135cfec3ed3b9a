"""Changes to the estate behind everybody's back, for tests of what a second collection sees."""

from collections.abc import Callable
from typing import Any

from tests.servers.aws import ec2_extras, state


def move(asked: dict[str, Any]) -> None:
    """Do one thing to one resource."""
    backend = ec2_extras.backend((asked.get("account", state.ACCOUNT), asked["region"]))
    _MOVES[asked["action"]](backend, asked["id"], asked)


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


_MOVES: dict[str, Callable[[Any, str, dict[str, Any]], None]] = {
    "terminate": terminate, "stop": stop, "start": start, "delete-volume": delete_volume, "detach-volume": detach_volume,
    "release-address": release_address, "retype": retype, "tag": tag,
}  # fmt: skip
