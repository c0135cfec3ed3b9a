"""The whole pipeline on the built-in estate: load, audit, report, in a warehouse of its own."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from finops.config import Settings
from finops.history.observing import Observed
from finops.model import AuditReport
from finops.pipeline.audit import audit
from finops.pipeline.files import make_folder
from finops.pipeline.filters import Filters
from finops.pipeline.inputs import folder_of, keep
from finops.pipeline.record import record
from finops.pipeline.reporting import write_reports
from finops.warehouse import reading, writing


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo made."""

    report: AuditReport
    warehouse: Path
    files: list[Path]


def demo(folder: Path, settings: Settings, *, at: datetime) -> Demo:
    """Builds the sample estate in `folder` from nothing, audits it and writes the HTML report there.

    Raises UsageError when the folder cannot be written.
    """
    from collectors import sample
    from collectors.bills import ingest
    from finops.pipeline.nightly.telling import with_its_night

    make_folder(folder)
    warehouse = folder / "demo.duckdb"
    for suffix in ("", ".wal", ".work", ".work.wal"):  # the last two: of a demo that was killed
        warehouse.with_name(warehouse.name + suffix).unlink(missing_ok=True)
    with writing(warehouse, "demo", at=at, limits=settings.limits()) as writer:
        sample.load_inventory(writer)
        ingest(writer, sample.write_bills(folder / "bills"), at=sample.AS_OF)
        writer.as_of = sample.AS_OF
    report = audit_and_record(warehouse, settings, at=at, as_of=sample.AS_OF)
    with reading(warehouse, settings.limits()) as con:
        whole = with_its_night(con, report, settings)
    return Demo(report, warehouse, write_reports(whole, folder, ["html"], locale=settings.locale))


def audit_and_record(warehouse: Path, settings: Settings, *, at: datetime, as_of: datetime) -> AuditReport:
    """An unfiltered audit, stored under a run of its own."""
    from finops.warehouse.writing import new_run_id

    run_id, observed = new_run_id(), Observed()
    with reading(warehouse, settings.limits()) as con:
        report = audit(con, settings, run_id=run_id, as_of=as_of, observed=observed)
        keep(con, folder_of(warehouse), report, settings, Filters())
    with writing(warehouse, "audit", at=at, limits=settings.limits(), run_id=run_id) as writer:
        record(writer, report, observed)
    return report
