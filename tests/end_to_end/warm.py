"""A process that has loaded everything and runs each `finops` command it is told of in a child of its own.

Starting an interpreter and loading the SDKs takes most of a short command's time. The child is a process like any other:
its own arguments, environment, folder, files and exit code; only what it imports is there already, what is read and
checked once in a process (our rules, service models), and the empty warehouse that a first run begins with, the file named
as argument. A line of JSON says what to run, a line with the exit code and the seconds of CPU answers. A child that is told
an instant lives at it (tests/nights/clocked.py), and its process id is told at once, so that it can be killed. Warnings are
errors, as the process is started with -W error.
"""

import atexit
import gc
import importlib
import json
import os
import pkgutil
import runpy
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from rules.engine.catalogue import catalogue
from tests.nights.clocked import live_at
from tests.servers.aws import models
from tests.shelf import copies_for_new

_LOADED = ("finops", "collectors", "rules", "reports")
_MORE = ("boto3", "duckdb", "pyarrow.parquet", "rich.table", "rich.progress", "jinja2", "sqlglot")


def _load() -> None:
    for name in _LOADED:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    for name in _MORE:
        importlib.import_module(name)


def _become(wish: dict[str, Any]) -> None:
    """Makes this process the one that was wished for."""
    for number, path in ((0, os.devnull), (1, wish["out"]), (2, wish["err"])):
        opened = os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(wish["env"])
    time.tzset()
    os.chdir(wish["cwd"])
    sys.argv = ["finops", *wish["arguments"]]


def main() -> None:
    """Runs what it is told until nothing more is said."""
    _load()
    copies_for_new(Path(sys.argv[1])).start()
    models.kept().start()
    models.read()
    catalogue()
    gc.freeze()
    print("ready", flush=True)
    while line := sys.stdin.readline():
        wish = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(wish)
            if "now" in wish:
                live_at(datetime.fromisoformat(wish["now"]))
            break
        if "now" in wish:
            print(child, flush=True)
        _, status, used = os.wait4(child, 0)
        print(os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, flush=True)
    else:
        return
    os._exit(_run())


def _run() -> int:
    """The exit code of the command. Unloading all modules would take longer than most commands."""
    code: Any = 0
    try:
        runpy.run_module("finops", run_name="__main__", alter_sys=False)
    except SystemExit as end:
        code = end.code
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return int(code or 0)


if __name__ == "__main__":
    main()
