"""The steps that judge what came in."""

from datetime import datetime
from typing import TYPE_CHECKING

from finops.errors import FinopsError, GateError, StaleError
from finops.model import AuditReport
from finops.pipeline.nightly.context import PATIENCE, Context, Done

if TYPE_CHECKING:
    from finops.pipeline.testing.header import Stage


def test(context: Context, _: str | None) -> Done:
    """Tests the data that came in; a failed test of severity error makes the night end with 5."""
    from finops.pipeline.testing import COLLECTED

    return _tested(context, COLLECTED, "test")


def verify(context: Context, _: str | None) -> Done:
    """Tests what was made of the data, and the pipeline itself, in the same way."""
    from finops.pipeline.testing import MADE

    return _tested(context, MADE, "verify")


def _tested(context: Context, stages: "tuple[Stage, ...]", command: str) -> Done:
    from finops.pipeline.testing import run_tests, told_in_short

    results = run_tests(
        context.db,
        context.settings,
        stages,
        as_of=_data_instant(context),
        clock=context.clock(),
        run_started=context.started_at,
        command=command,
        night=context.run_id,
        wait_seconds=PATIENCE,
    )
    told = told_in_short(results)
    if any(one.status == "failed" and one.severity == "error" for one in results):
        return Done(told, "failed", len(results), error=StaleError(told))
    return Done(told, rows=len(results))


def _data_instant(context: Context) -> datetime:
    """What the data are to be as young as: the sample estate is of an instant of its own."""
    if context.settings.nightly.clouds == ["demo"]:
        from collectors import sample

        return sample.AS_OF
    return context.as_of


def audit(context: Context, _: str | None) -> Done:
    """Runs the rules and keeps the audit."""
    from finops.history.observing import Observed
    from finops.pipeline.audit import audit as judge
    from finops.pipeline.audit import incomplete
    from finops.pipeline.filters import Filters
    from finops.pipeline.inputs import folder_of, keep
    from finops.pipeline.record import record
    from finops.pipeline.testing.figures import note_audit
    from finops.warehouse import reading, writing
    from finops.warehouse.writing import new_run_id

    run_id, observed, limits = new_run_id(), Observed(), context.settings.limits()
    with reading(context.db, limits) as con:
        found = judge(con, context.settings, run_id=run_id, observed=observed)
        keep(con, folder_of(context.db), found, context.settings, Filters())
    with writing(
        context.db, "audit", at=context.clock(), wait_seconds=PATIENCE, limits=limits, run_id=run_id
    ) as writer:
        record(writer, found, observed)
        note_audit(writer.con, context.run_id, found, at=_data_instant(context))
    context.report = found
    totals = found.totals
    told = f"{totals.findings:,} findings; {totals.not_evaluated:,} not evaluated."
    unread, gate = incomplete(found), _gates(context, found)
    return Done(
        f"{told} {gate}" if gate else told,
        rows=totals.findings,
        error=unread or gate,
        also=gate if unread else None,
    )


def _gates(context: Context, found: AuditReport) -> FinopsError | None:
    from finops.pipeline.gates import parse_gates

    met = [gate.text for gate in parse_gates(context.settings.nightly.fail_on) if gate.met(found)]
    return GateError(f"The gate {' and '.join(met)} was met.") if met else None


def detect(context: Context, _: str | None) -> Done:
    """Looks for costs and figures that left their limits."""
    from finops.pipeline.watching import watch
    from finops.warehouse import writing

    limits = context.settings.limits()
    with writing(context.db, "detect", at=context.clock(), wait_seconds=PATIENCE, limits=limits) as writer:
        found = watch(writer, context.settings, at=context.as_of)
    if not found:
        return Done("Every cost and figure is within its limits, or has too short a history.", rows=0)
    return Done(
        found[0].message + (f" And {len(found) - 1:,} more." if len(found) > 1 else ""), rows=len(found)
    )
