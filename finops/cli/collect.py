"""The commands that talk to a cloud, each with a command per cloud: collect, doctor, permissions."""

import typer

from finops.cli import alibaba, aws, gcp

_CLOUDS = (aws, alibaba, gcp)
_GROUPS = {
    "collect": "Read a cloud into the warehouse: live, read-only, resumable.",
    "doctor": "Check credentials, permissions and what a run would cost, before it runs.",
    "permissions": "Print the least-privilege policy that collecting needs.",
}


def register(app: typer.Typer) -> None:
    """Adds the commands to the application."""
    for name, words in _GROUPS.items():
        group = typer.Typer(help=words, no_args_is_help=True, rich_markup_mode=None)
        for cloud in _CLOUDS:
            group.command(cloud.CLOUD)(getattr(cloud, name))
        app.add_typer(group, name=name)
