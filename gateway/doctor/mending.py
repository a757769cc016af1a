"""What ``argent doctor --fix`` does: only what is safe, and loses nothing that was said."""

import asyncio
import os
import stat
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from channels.errors import ChannelError
from channels.probe import Finding
from channels.telegram import faults as telegram
from channels.telegram.config import TelegramSettings
from gateway.admin_errors import AdminError, as_admin_errors
from gateway.doctor import folder, ledger, search, sessions, settings
from gateway.doctor.case import Case
from state.files.layout import Layout

if TYPE_CHECKING:
    from collections.abc import Iterator

Repair = Callable[[], int]
"""Repairs the ledger and all sessions as opening them does; how many sessions were."""


@dataclass(frozen=True, slots=True)
class Mended:
    """What became of a finding: what was done, or why nothing was."""

    finding: Finding
    done: str | None = None
    error: str | None = None


def mend(case: Case, finding: Finding, repair: Repair) -> Mended:
    """Mend what a finding names, which has to be one that `mends`."""
    _, do = WAYS[finding.code]
    try:
        with as_admin_errors():
            _is_ours(case)
            return Mended(finding, done=do(case, finding, repair))
    except AdminError as error:
        return Mended(finding, error=f"{error.message} {error.hint or ''}".strip())
    except (OSError, ChannelError) as error:
        return Mended(finding, error=str(error))


def intent(finding: Finding) -> str:
    """What mending would do, in a line."""
    return WAYS[finding.code][0].format(where=finding.where)


def _close_settings(case: Case, _finding: Finding, _repair: Repair) -> str:
    paths = [path for path, _ in settings.shared_files(case)]
    for path in paths:
        path.chmod(0o600)
    return f"chmod 600 {' '.join(map(str, paths))}"


def _close_folder(case: Case, _finding: Finding, _repair: Repair) -> str:
    count = 0
    for path, about in folder.entries(case.state_dir):
        if folder.is_open(about):
            os.chmod(path, stat.S_IMODE(about.st_mode) & 0o700)  # noqa: PTH101
            count += 1
    return f"took others' rights to {count} files and folders away"


def _remove_socket(case: Case, finding: Finding, _repair: Repair) -> str:
    with _owning(case):
        (case.state_dir / "control.sock").unlink(missing_ok=True)
    return f"removed {finding.where}"


def _remove_index(case: Case, finding: Finding, _repair: Repair) -> str:
    from state.files.search.schema import remove

    with _owning(case):
        remove(Layout(case.state_dir).search)
    return f"removed {finding.where}; the next start makes it anew"


def _repair_state(case: Case, _finding: Finding, repair: Repair) -> str:
    return f"repaired {repair()} sessions; what did not read is kept beside them"


def _repair_ledger(case: Case, finding: Finding, repair: Repair) -> str:
    _nobody_else(case)
    repair()
    return f"set {finding.where} aside, and took over what could be read of it"


def _forget_webhook(case: Case, finding: Finding, _repair: Repair) -> str:
    import aiohttp

    from channels.telegram.probe import forget_webhook

    account = case.settings.channels.get(finding.where) if case.settings is not None else None
    if not isinstance(account, TelegramSettings):
        raise AdminError("not_found", f"there is no Telegram account {finding.where}")

    async def forget() -> None:
        async with aiohttp.ClientSession() as http:
            await forget_webhook(finding.where, account, http=http)

    asyncio.run(forget())
    return "ended webhook mode; what waits for the bot is kept"


@contextmanager
def _owning(case: Case) -> "Iterator[None]":
    """Hold the folder, so that no gateway starts meanwhile. Raises `StateLocked`."""
    from state.files.lock import StateLock

    lock = StateLock.take(case.state_dir)
    try:
        yield
    finally:
        lock.release()


def _is_ours(case: Case) -> None:
    """Raise where the folder is another user's.

    What root makes there its owner could not write; and a name that root looked at may be a link to
    anything when root mends it.
    """
    try:
        owner = case.state_dir.lstat().st_uid
    except FileNotFoundError:
        return
    if owner != os.geteuid():
        hint = f"run it as that user: sudo -u '#{owner}' argent doctor --fix"
        raise AdminError("not_allowed", f"{case.state_dir} belongs to user {owner};", hint)


def _nobody_else(case: Case) -> None:
    if case.holder is not None:
        hint = "stop it first: argent gateway stop"
        raise AdminError("locked", "a gateway has the ledger open;", hint)


WAYS: Mapping[str, tuple[str, Callable[[Case, Finding, Repair], str]]] = {
    settings.SHARED.code: ("let nobody else read {where}", _close_settings),
    folder.OPEN.code: ("take others' rights to what is in {where} away", _close_folder),
    folder.STALE_SOCKET.code: ("remove {where}", _remove_socket),
    search.DAMAGED.code: ("remove {where}, to be made anew", _remove_index),
    sessions.DAMAGED.code: ("repair the sessions, keeping what does not read", _repair_state),
    ledger.DAMAGED.code: ("set {where} aside, and make it anew of what reads", _repair_ledger),
    telegram.WEBHOOK_LEFT.code: (
        "delete the webhook of {where} at Telegram, keeping what waits",
        _forget_webhook,
    ),
}
"""What is done about each finding that `mends`, and the words for it."""
