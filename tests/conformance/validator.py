"""The official FOCUS validator, in a virtual environment of its own: how it is made, and what it says of a file.

    python -m tests.conformance.validator VENV      makes the environment (needs a package registry)

What to know of focus-validator 2.2.1: it wants Python 3.12 for one f-string, which is mended here, so that 3.11 does; its
rules for FOCUS 1.2.0.1 come with it; it opens a file by a path relative to its own packages; it ends with 0 whatever it
finds. Its criteria must be ALL: without them most rules are passed over and a broken file looks good.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

VERSION = "2.2.1"
# Where make conformance puts it.
VENV = Path(os.environ.get("FINOPS_FOCUS_VALIDATOR", Path(__file__).parents[2] / ".venv-focus"))

# Conditions of three rules of the model 1.2.0.1 are malformed, so that they fail on every file, their six parents too:
# CapacityReservationStatus-C-004 and CommitmentDiscountStatus-C-004 want a status where there is no reservation and no
# commitment, InvoiceId-C-004 wants no invoice at all (FOCUS_Spec issues 2393, 2394).
FAIL_ON_EVERY_FILE = frozenset({
    "CapacityReservationStatus-C-000-C", "CapacityReservationStatus-C-002-C", "CapacityReservationStatus-C-004-C",
    "CommitmentDiscountStatus-C-000-C", "CommitmentDiscountStatus-C-002-C", "CommitmentDiscountStatus-C-004-C",
    "CostAndUsage-D-000-M", "CostAndUsage-D-002-M", "InvoiceId-C-004-C",
})  # fmt: skip

_BACKSLASH = """+ ", ".join(f"'{k.replace('\\"', '\\"\\"')}'" for k in ignore_keys)"""
_WITHOUT = """+ ", ".join("'" + k.replace('"', '""') + "'" for k in ignore_keys)"""
_TOTAL = re.compile(r"Total: (\d+) \| Pass: (\d+) \| Fail: (\d+) \| Skipped: (\d+)")


def install(venv: Path) -> None:
    """Makes the environment; does nothing where it is whole already."""
    done = venv / f".focus-validator-{VERSION}"
    if done.exists():
        return
    subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
    pip = [venv / "bin" / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    # pyarrow 22 wants a newer numpy than the validator does.
    subprocess.run(
        [*pip, "--ignore-requires-python", f"focus-validator=={VERSION}", "pyarrow<22"], check=True
    )
    path = _packages(venv) / "focus_validator" / "config_objects" / "focus_to_duckdb_converter.py"
    text = path.read_text(encoding="utf-8")
    if text.count(_BACKSLASH) != 1:
        raise SystemExit(f"{path} is not the file that is to be mended for Python 3.11.")
    path.write_text(text.replace(_BACKSLASH, _WITHOUT), encoding="utf-8")
    done.touch()


def installed() -> bool:
    """Whether the environment is there and whole."""
    return (VENV / f".focus-validator-{VERSION}").exists()


def failures(parquet: Path) -> set[str]:
    """Ids of the rules that a file breaks, other than those that every file does."""
    command = [
        VENV / "bin" / "focus-validator",
        "--data-file",
        parquet.resolve(),
        "--validate-version",
        "1.2.0.1",
    ]
    done = subprocess.run(
        [*command, "--block-download", "--applicability-criteria", "ALL"],
        cwd=_packages(VENV), capture_output=True, text=True, check=True, timeout=600,
    )  # fmt: skip
    total = _TOTAL.search(done.stdout)
    failed = set(re.findall(r"^❌ ([^:]+): FAIL", done.stdout, re.MULTILINE))
    # A run that judged little, or whose lines are not understood, proves nothing.
    if not total or int(total[1]) < 578 or int(total[4]) > 210 or int(total[3]) != len(failed):
        raise AssertionError(f"the validator did not do its work: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return failed - FAIL_ON_EVERY_FILE


def categories() -> set[tuple[str, str]]:
    """FOCUS 1.2's categories of services, each with its subcategories."""
    path = _packages(VENV) / "focus_validator" / "rules" / "model-1.2.0.1.json"
    rule = json.loads(path.read_text(encoding="utf-8"))["ModelRules"]["ServiceSubcategory-C-004-M"]
    pairs = (
        {item["ColumnName"]: item["Value"] for item in pair["Items"]}
        for pair in rule["ValidationCriteria"]["Requirement"]["Items"]
    )
    return {(pair["ServiceCategory"], pair["ServiceSubcategory"]) for pair in pairs}


def _packages(venv: Path) -> Path:
    (found,) = (venv / "lib").glob("python3*/site-packages")
    return found.resolve()


if __name__ == "__main__":
    install(Path(sys.argv[1]))
