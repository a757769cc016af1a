"""``argent doctor``: what is wrong, why, and what mends it."""

import asyncio
import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from gateway.cli.base import Command
from gateway.cli.findings import show_findings
from gateway.cli.invocation import Invocation
from gateway.cli.output import note, out
from gateway.cli.text import many

if TYPE_CHECKING:
    from channels.probe import Finding
    from gateway.doctor.case import Case
    from gateway.doctor.mending import Mended

Json = dict[str, Any]


@click.command(cls=Command)
@click.option("--fix", is_flag=True, help="Mend what can be mended safely, after asking.")
@click.option("--yes", is_flag=True, help="With --fix: do not ask.")
@click.option("--offline", is_flag=True, help="Ask nobody but the running gateway.")
@click.option("--all", "thorough", is_flag=True, help="Read every session, and not a sample.")
@click.pass_obj
def doctor(invocation: Invocation, fix: bool, yes: bool, offline: bool, thorough: bool) -> None:
    """Look for what is wrong, and say why and what mends it.

    Nothing is changed without --fix. Exits with 1 when an error or a warning is found, or is left;
    a note is neither.
    """
    from gateway.doctor.doctor import examine

    case = _look(invocation, thorough)
    report = asyncio.run(examine(case, offline=offline))
    mended: list[Mended] = []
    if fix and (mendable := [each for each in report.findings if each.mends]):
        mended = _mend(invocation, case, mendable, yes=yes)
        report = asyncio.run(examine(_look(invocation, thorough), offline=offline))
    data = {
        "healthy": report.healthy,
        "findings": [asdict(finding) for finding in report.findings],
        "fixed": [
            {"code": each.finding.code, "where": each.finding.where, "done": each.done,
             "error": each.error}
            for each in mended
        ],
        "checked": list(report.checked),
        "skipped": list(report.skipped),
    }  # fmt: skip
    invocation.show("doctor", data, _show)
    if not report.healthy:
        raise SystemExit(1)


def _look(invocation: Invocation, thorough: bool) -> "Case":
    from gateway.doctor.case import look

    return look(
        invocation.state_dir,
        invocation.config_option,
        os.environ,
        invocation.overrides(),
        thorough=thorough,
    )


def _mend(
    invocation: Invocation, case: "Case", findings: "list[Finding]", *, yes: bool
) -> "list[Mended]":
    from gateway.doctor.mending import intent, mend

    plan = "".join(f"\n  - {intent(finding)}" for finding in findings)
    invocation.confirm(f"This will:{plan}\nGo on?", yes=yes)
    return [mend(case, each, lambda: _repaired(invocation, case)) for each in findings]


def _repaired(invocation: Invocation, case: "Case") -> int:
    from gateway.cli import sessions_check
    from state.files.inspecting import Inspection

    inspection = Inspection(case.state_dir, live=case.holder is not None)
    report = inspection.check(step=lambda: None)
    return len(sessions_check.mend(invocation, report))


def _show(data: Json) -> None:
    for each in data["fixed"]:
        if each["error"]:
            out(f"NOT fixed: {each['where']}: {each['error']}")
        else:
            out(f"Fixed: {each['done']}")
    show_findings(data["findings"])
    levels = [finding["level"] for finding in data["findings"]]
    counted = [many(levels.count(each), each) for each in dict.fromkeys(levels)]
    out(f"{', '.join(counted)}." if counted else "Nothing was found.")
    note(f"Looked at: {', '.join(data['checked'])}.")
    if data["skipped"]:
        note(f"Not looked at, without a connection: {', '.join(data['skipped'])}.")
    if any(finding["mends"] for finding in data["findings"]):
        note("argent doctor --fix mends some of this.")
