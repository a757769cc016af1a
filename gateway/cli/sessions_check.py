"""``argent sessions check``: whether everything on the disk reads."""

import os
from collections.abc import Sequence
from typing import Any

import click

from gateway.admin_errors import AdminError, as_admin_errors
from gateway.cli import completing, reach
from gateway.cli.base import Command
from gateway.cli.invocation import Invocation
from gateway.cli.output import note, out
from gateway.cli.progress import progress
from gateway.cli.text import many
from gateway.visible import one_line
from state.files.checking import MENDED, Finding
from state.files.errors import store_error
from state.files.inspecting import Inspection, Report, resolve
from state.keys import SessionId

Json = dict[str, Any]
_AT_ONCE = 1000
"""How many sessions are named in one request, which has to fit into a line."""


@click.command(cls=Command)
@click.argument("names", metavar="[SESSION]...", nargs=-1, shell_complete=completing.sessions)
@click.option("--repair", is_flag=True, help="Mend what opening mends; nothing is overwritten.")
@click.pass_obj
def check(invocation: Invocation, names: tuple[str, ...], repair: bool) -> None:
    """Read all of every session, or of SESSION: its history, its facts, its place in the index.

    Nothing is changed unless --repair is given; then what does not read is set aside beside the
    session's files, as when a message comes in. Exits with 1 when anything is found, or is left
    after the repair.
    """
    inspection = Inspection(invocation.state_dir, live=reach.holder(invocation) is not None)
    try:
        only = _resolved(inspection, names)
        report = _check(invocation, inspection, only)
        data: Json = {"repaired": None, **_report(report)}
        if repair:
            data = _repair(invocation, inspection, report)
    except OSError as error:
        with as_admin_errors():
            raise store_error(error, f"reading {invocation.state_dir}") from error
    invocation.show("check", data, _show)
    if data["findings"] or data["ledger"]:
        raise SystemExit(1)


def _resolved(inspection: Inspection, names: Sequence[str]) -> tuple[SessionId, ...]:
    known = inspection.names() if names else ()
    return tuple(_the_one(name, resolve(name, known)) for name in names)


def _the_one(name: str, found: Sequence[SessionId]) -> SessionId:
    if not found:
        hint = "`argent sessions check` without a name reads all of them"
        raise AdminError("not_found", f"there is no session {name!r}", hint)
    if len(found) > 1:
        some = ", ".join(found[:10])
        raise AdminError("ambiguous", f"{name!r} could be {len(found)} sessions", f"such as {some}")
    return found[0]


def _check(invocation: Invocation, inspection: Inspection, only: Sequence[SessionId]) -> Report:
    steps = len(only) or len(inspection.names())
    with progress("Reading", steps, quiet=invocation.json) as step:
        return inspection.check(only, step=step)


def _repair(invocation: Invocation, inspection: Inspection, report: Report) -> Json:
    """What was done, and what is found afterwards."""
    if not report.findings and report.ledger is None:
        return {"repaired": [], **_report(report)}
    repaired = mend(invocation, report)
    again = inspection.check(tuple(f.session for f in report.findings), step=lambda: None)
    return {"repaired": repaired, **_report(again), "checked": report.checked}


def mend(invocation: Invocation, report: Report) -> list[Json]:
    """Repair what a report says can be, the ledger as well; what was done. Raises `AdminError`."""
    wrong = tuple(dict.fromkeys(f.session for f in report.findings if f.kind in MENDED))
    repaired: list[Json] = []
    with progress("Repairing", len(wrong), quiet=invocation.json) as step:
        for at in range(0, len(wrong), _AT_ONCE):
            ids = list(wrong[at : at + _AT_ONCE])
            repaired += reach.carry_out(invocation, "sessions.repair", {"ids": ids})["repaired"]
            for _ in ids:
                step()
    if report.ledger is not None and not wrong:
        # Whoever opens the state folder as its owner repairs the ledger.
        reach.carry_out(invocation, "sessions.repair", {"ids": []})
    return repaired


def _report(report: Report) -> Json:
    return {
        "checked": report.checked,
        "findings": [_finding(finding) for finding in report.findings],
        "ledger": report.ledger,
    }


def _finding(finding: Finding) -> Json:
    return {
        "kind": str(finding.kind),
        "session": finding.session,
        "file": finding.file or None,
        "detail": finding.detail,
        "repairable": finding.kind in MENDED,
    }


def _show(data: Json) -> None:
    for done in data["repaired"] or ():
        what = f"NOT repaired: {done['error']}" if done["error"] else "repaired"
        aside = f"; kept aside: {', '.join(done['aside'])}" if done["aside"] else ""
        out(one_line(f"{done['session']}: {what}{aside}"))
    for finding in data["findings"]:
        path = os.path.join(*filter(None, (finding["session"], finding["file"])))  # noqa: PTH118
        out(one_line(f"{path}: {finding['kind'].replace('_', ' ')}: {finding['detail']}"))
    if data["ledger"]:
        out(f"gateway.db: {data['ledger']}")
    found = len(data["findings"]) + bool(data["ledger"])
    out(f"{many(data['checked'], 'session')} read, {many(found, 'finding')}.")
    if data["repaired"] is None and any(f["repairable"] for f in data["findings"]):
        note("argent sessions check --repair mends these, and keeps what does not read.")
