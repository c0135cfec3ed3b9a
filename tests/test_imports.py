"""Imports point one way: command line → pipeline → collectors, rules, reports → core; these three never meet."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("finops", "collectors", "rules", "reports")
TOP = ("finops.cli", "finops.pipeline", "finops.__main__")
# What a person who asks for help must not wait for.
HEAVY = (
    "babel",
    "pandas",
    "plotly",
    "boto3",
    "aliyunsdkcore",
    "requests",
    "duckdb",
    "sqlglot",
    "pyarrow",
    "pydantic",
    "jinja2",
    "rich",
    "xlsxwriter",
    "openpyxl",
)


def modules() -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            yield name.removesuffix(".__init__"), path


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the direction"
            yield node.module or ""


def layer(module: str) -> str:
    if module.startswith(TOP):
        return "top"
    return module.partition(".")[0]


@pytest.mark.parametrize(
    ("module", "path"), list(modules()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_module_imports_only_what_lies_below_it(module: str, path: Path) -> None:
    allowed = {
        "top": {"top", *PACKAGES},
        "finops": {"finops"},
        **{package: {package, "finops"} for package in ("collectors", "rules", "reports")},
    }[layer(module)]
    for name in imported(path):
        if name.partition(".")[0] in PACKAGES:
            assert layer(name) in allowed, f"{module} imports {name}"


def test_the_packages_whose_names_others_own_hold_no_logic() -> None:
    for package in ("rules", "reports"):
        assert (ROOT / package / "__init__.py").read_text() == ""


def test_help_imports_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "finops", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {
        line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines() if "|" in line
    }
    assert not loaded & set(HEAVY)
    assert "audit" in done.stdout
