"""Backups, as far as this machine knows of them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from channels.probe import Fault, Finding, Level
from gateway.doctor.case import Case
from state.files.layout import Layout

NONE = Fault(
    "backup-none",
    Level.NOTE,
    "no backup of {where} is known of",
    "argent backup create was not run here so far",
    "argent backup create --to FILE, on another disk and from time to time",
)
OLD = Fault(
    "backup-old",
    Level.NOTE,
    "the last backup of {where} is {days} days old",
    "argent backup create was last run on {on:%Y-%m-%d}",
    "argent backup create --to FILE",
)
FAULTS = (NONE, OLD)

OLD_AFTER = timedelta(days=30)


def examine(case: Case) -> Iterator[Finding]:
    """Whether there is a backup of late."""
    layout = Layout(case.state_dir)
    if not case.readable or not layout.database.exists():
        return
    where = str(case.state_dir)
    made = [path.stat().st_mtime for path in (layout.backed_up,) if path.exists()]
    if not made:
        yield NONE.at(where)
        return
    last = datetime.fromtimestamp(max(made), UTC)
    if case.now - last > OLD_AFTER:
        yield OLD.at(where, days=(case.now - last).days, on=last)
