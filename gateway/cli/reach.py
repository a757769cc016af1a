"""How commands reach the state: readers look at the disk, writers ask the gateway.

One process writes. While a gateway runs, that is the gateway, and what should change is asked of
it through its socket; otherwise the command takes the state folder's lock and does it itself.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from gateway import __version__
from gateway.admin_errors import AdminError, as_admin_errors
from gateway.api.client import ControlClient
from gateway.cli.invocation import Invocation
from gateway.cli.output import note
from state.files import lock_holder

if TYPE_CHECKING:
    from agents.config import SessionSettings
    from gateway.clock import Clock
    from gateway.life import Life
    from gateway.people_erasing import Names
    from gateway.reading import Reading
    from state.session import Session
    from state.store import Ledger, Sessions

Json = dict[str, Any]
_STATUS_SECONDS = 10.0
_CHECK_SECONDS = 2.0
"""Docker and Kubernetes give a check five seconds in all."""
_LIVE_ONLY = {
    "channels.status",
    "status",
    "gateway.reload",
    "gateway.stop",
    "sessions.compact",
    "sessions.tools",
    "approvals.list",
    "approvals.approve",
    "approvals.deny",
}
_TAKES_LONG = {"gateway.reload", "sessions.compact"}
_MAKES_THE_FOLDER = {"sessions.import"}


def look(invocation: Invocation) -> "Reading":
    """The state folder as it is now, whether or not a gateway runs; it is not locked."""
    from gateway.reading import Reading
    from state.files import ReadOnlyState

    return Reading(ReadOnlyState(invocation.state_dir))


def meant(invocation: Invocation, names: Sequence[str]) -> str:
    """The whole keys of these sessions, so that nobody agrees to a prefix."""
    reading = look(invocation)
    return ", ".join(str(reading.resolve(name).key) for name in names)


def carry_out(invocation: Invocation, operation: str, given: Json, *, lines: str = "") -> Json:
    """Have something done by the running gateway, or do it here. Raises `AdminError`.

    `lines` is a text of any length that goes with it.
    """
    client = ControlClient.connect(invocation.socket)
    if client is not None:
        with client:
            waits = _STATUS_SECONDS if operation in _LIVE_ONLY - _TAKES_LONG else None
            if lines:
                client.put(lines)
            return client.call(operation, given, waits)
    if operation in _LIVE_ONLY:
        raise AdminError("gateway_down", "no gateway is running", "start it: argent gateway run")
    import asyncio

    return asyncio.run(_alone(invocation, operation, given | {"lines": lines}))


def status(invocation: Invocation, *, deep: bool = False) -> Json:
    """The gateway's status; without one that answers, the figures on the disk.

    ``condition`` is ``ready``, ``not_ready`` or ``not_live`` as the gateway judges itself, else
    ``down``, ``silent`` (a process owns the folder and does not listen: it starts, or stops) or
    ``hangs`` (it listens and does not answer); ``problem`` tells of the last two in words.
    """
    problem = None
    try:
        if (client := ControlClient.connect(invocation.socket)) is not None:
            with client:
                data = client.call("status", {"deep": deep}, timeout=_STATUS_SECONDS)
            return {"condition": _judged(data["verdict"]), "problem": None, **data}
    except AdminError as error:
        if error.code != "gateway_down":
            raise
        problem = error.message
    condition, problem = _unreached(invocation, problem)
    reading = look(invocation)
    return {
        "condition": condition,
        "problem": problem,
        "gateway": None,
        "channels": [],
        "verdict": None,
        "counts": reading.counts(),
        "today": reading.spent_on(datetime.now(UTC).date()),
    }


def check(invocation: Invocation) -> Json:
    """Only whether the gateway lives and is ready: its verdict, with the condition as above."""
    problem = None
    try:
        client = ControlClient.connect(invocation.socket, seconds=_CHECK_SECONDS)
        if client is not None:
            with client:
                verdict = client.call("check", timeout=_CHECK_SECONDS)
            return {"condition": _judged(verdict), **verdict}
    except AdminError as error:
        if error.code != "gateway_down":
            raise
        problem = error.message
    condition, problem = _unreached(invocation, problem)
    reasons = [problem or "no gateway is running"]
    return {"condition": condition, "live": False, "ready": False, "reasons": reasons}


def _judged(verdict: Json) -> str:
    if not verdict["live"]:
        return "not_live"
    return "ready" if verdict["ready"] else "not_ready"


def _unreached(invocation: Invocation, problem: str | None) -> tuple[str, str | None]:
    """Why no gateway answered, and that in words: `problem` is what became of asking it."""
    pid = holder(invocation)
    if pid is None:
        return "down", None
    if problem is not None:
        return "hangs", f"{problem} (pid {pid})"
    return "silent", f"pid {pid} owns the state folder and does not listen: it starts, or stops"


def holder(invocation: Invocation) -> int | None:
    """The process that owns the state folder; None when none does."""
    return lock_holder(invocation.state_dir)


async def _alone(invocation: Invocation, operation: str, given: Json) -> Json:
    from agents.skill_folders import SkillFolders
    from gateway.admin import Admin
    from gateway.api.operations import carry_out as do
    from gateway.clock import Clock
    from gateway.current import Current
    from gateway.people import People
    from state.files import open_state
    from state.files.receipts import Receipts

    if not invocation.state_dir.is_dir() and operation not in _MAKES_THE_FOLDER:
        raise AdminError("not_found", f"there is no state folder {invocation.state_dir}")
    clock = Clock()
    with as_admin_errors():
        state = await open_state(invocation.state_dir, argent=__version__)
        if state.kept is not None:
            note(f"argent: the state folder was upgraded; what was there before is in {state.kept}")
        for report in state.reports:
            note(f"argent: {report}")
        try:
            life = _life(invocation, state.sessions, state.ledger, clock)
            admin = Admin(
                sessions=state.sessions,
                ledger=state.ledger,
                life=life,
                clock=clock,
                receipts=Receipts(invocation.state_dir),
                everybody=lambda: People(
                    state.ledger, {}, clock, Current(invocation.settings_with_warnings().settings)
                ),
                skills=SkillFolders(invocation.state_dir).listed,
                forget_log=partial(_forget_log, invocation),
            )
            return await do(admin, operation, given)
        finally:
            await state.close()


def _forget_log(invocation: Invocation, named: "Names") -> int:
    """Take lines out of the log files that a gateway wrote."""
    from gateway.cli.log_place import log_setting
    from gateway.log_files import log_file
    from gateway.log_forgetting import forget_lines

    path = log_file(log_setting(invocation), invocation.state_dir)
    return 0 if path is None else forget_lines(path, named)


def _life(invocation: Invocation, sessions: "Sessions", ledger: "Ledger", clock: "Clock") -> "Life":
    """What happens to sessions, by the settings: they are read when one of these asks for them."""
    from gateway.current import Current
    from gateway.ending import Ending
    from gateway.life import Life
    from gateway.open_sessions import OpenSessions
    from gateway.profiles import Profiles

    @cache
    def profiles() -> Profiles:
        return Profiles(Current(invocation.settings_with_warnings().settings))

    def kept(session: "Session") -> "SessionSettings":
        return profiles().kept(session)

    opened = OpenSessions(sessions)
    return Life(
        sessions, ledger, opened, clock, ending=Ending(sessions, ledger, opened, clock, kept)
    )
