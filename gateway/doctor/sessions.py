"""The conversations: whether their files read, as ``argent sessions check`` sees it."""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress

from channels.probe import Fault, Finding, Level
from gateway.doctor.case import Case
from state.files.checking import MENDED
from state.files.inspecting import Inspection
from state.files.places import Places
from state.keys import SessionId

DAMAGED = Fault(
    "sessions-damaged",
    Level.ERROR,
    "{count} sessions do not read as they should, such as {where}: {kind}",
    "{detail}; {extent}",
    "argent doctor --fix, or: argent sessions check --repair (what does not read is kept aside)",
    mends=True,
)
BROKEN = Fault(
    "sessions-broken",
    Level.ERROR,
    "{count} sessions need a look, such as {where}: {kind}",
    "{detail}; {extent}",
    "argent sessions check {where}; a backup may have it whole: argent backup restore FILE --into "
    "FOLDER",
)
FAULTS = (DAMAGED, BROKEN)

SAMPLE = 200
"""Sessions that are read, unless all shall be: the half that changed last, and some of the rest."""


def examine(case: Case) -> Iterator[Finding]:
    """What is wrong with the sessions, or with a sample of them."""
    if not case.readable:
        return
    inspection = Inspection(case.state_dir, live=case.holder is not None)
    names = inspection.names()
    looked_at = names if case.thorough else sample(case, names)
    if not looked_at:
        return
    found = inspection.check(looked_at, step=lambda: None).findings
    extent = f"{len(looked_at)} of {len(names)} sessions were read"
    extent += "" if len(looked_at) == len(names) else " (argent doctor --all reads all of them)"
    for fault, mended in ((DAMAGED, True), (BROKEN, False)):
        some = [each for each in found if (each.kind in MENDED) is mended]
        if some:
            first = some[0]
            yield fault.at(
                first.session,
                count=len({each.session for each in some}),
                kind=first.kind.replace("_", " "),
                detail=first.detail,
                extent=extent,
            )


def sample(case: Case, names: Sequence[SessionId]) -> tuple[SessionId, ...]:
    """Some of them: those that were written last, where a crash does its harm, and every n-th."""
    if len(names) <= SAMPLE:
        return tuple(names)
    changed: dict[SessionId, float] = {}
    for agent in Places(case.state_dir).agents():
        # The facts are replaced with every turn, and that changes the folder.
        with suppress(FileNotFoundError), os.scandir(agent.sessions) as found:
            changed |= {SessionId(each.name): each.stat().st_mtime for each in found}
    latest = sorted(names, key=lambda name: -changed.get(name, 0.0))[: SAMPLE // 2]
    spread = names[:: -(-len(names) // (SAMPLE // 2))]
    return tuple(dict.fromkeys((*latest, *spread)))
