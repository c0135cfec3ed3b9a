"""The steps of a night in their order: each calls what a command does and tells in one sentence what came of it."""

from finops.pipeline.nightly.context import Step
from finops.pipeline.nightly.incoming import collect, copy, ingest, open_
from finops.pipeline.nightly.judging import audit, detect, test, verify
from finops.pipeline.nightly.outgoing import deliver, publish, report, tidy

STEPS = (
    Step("copy", copy, lambda settings: (None,) if settings.nightly.copy_of else ()),
    Step("open", open_),
    Step("collect", collect, lambda settings: () if settings.nightly.copy_of else settings.nightly.clouds),
    Step("ingest", ingest, lambda settings: () if settings.nightly.copy_of else settings.nightly.bills),
    Step("test", test),
    Step("audit", audit),
    Step("detect", detect),
    Step("verify", verify, after=("audit",)),
    Step("report", report, after=("audit",)),
    Step("publish", publish, after=("report",)),
    Step("deliver", deliver, lambda settings: tuple(one.name for one in settings.deliver)),
    Step("tidy", tidy),
)
