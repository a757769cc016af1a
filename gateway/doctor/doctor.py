"""Looks at everything, one subject after the other; a subject that breaks is a finding itself."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from channels.probe import Fault, Finding, Level
from gateway.doctor import (
    backups,
    clock,
    disk,
    folder,
    ledger,
    limits,
    running,
    sandbox,
    search,
    sessions,
    settings,
    unit,
    versions,
)
from gateway.doctor.accounts import LISTEN_SECONDS
from gateway.doctor.case import Case

BROKE = Fault(
    "check-broke",
    Level.WARNING,
    "{where} could not be looked at",
    "{how}",
    "mend what else is found, then: argent doctor; if it stays so, it is a bug in Argent",
)
SLOW = Fault(
    "check-slow",
    Level.WARNING,
    "{where} could not be looked at in {seconds:g} s",
    "something does not answer: a container engine, a disk, a network",
    "argent doctor once more",
)
FAULTS = (BROKE, SLOW)

SECONDS = 15.0
"""How long one subject that waits for others may take."""

QUICK_SECONDS = 1.0
"""The same where nobody shall be asked."""

_HERE: dict[str, Callable[[Case], Iterator[Finding]]] = {
    "settings": settings.examine,
    "state folder": folder.examine,
    "disk": disk.examine,
    "ledger": ledger.examine,
    "sessions": sessions.examine,
    "search": search.examine,
    "gateway": running.examine,
    "service": unit.examine,
    "versions": versions.examine,
    "limits": limits.examine,
    "clock": clock.examine,
    "backups": backups.examine,
}
"""What is seen on this machine, in the order of the report."""

_ASKED = ("accounts", "models", "clocks elsewhere")
"""What others have to be asked about."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was looked at, what was not, and what was found, the worst first."""

    findings: tuple[Finding, ...]
    checked: tuple[str, ...]
    skipped: tuple[str, ...] = ()

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong; notes are no matter."""
        return all(finding.level is Level.NOTE for finding in self.findings)


async def examine(case: Case, *, offline: bool, listen: float = LISTEN_SECONDS) -> Report:
    """Look at an installation. `offline` makes no connection, but for the gateway's own socket."""
    limit = QUICK_SECONDS if offline else SECONDS
    waiting = {"sandbox": _in_time("sandbox", sandbox.examine(case), limit)}
    if offline:
        found = [await each for each in waiting.values()]
        findings = [*_here(case), *found[0]]
    else:
        here, *found = await asyncio.gather(
            asyncio.to_thread(lambda: list(_here(case))),
            *waiting.values(),
            _asked(case, limit, listen),
        )
        findings = [*here, *(finding for some in found for finding in some)]
    order = list(Level)
    findings.sort(key=lambda finding: order.index(finding.level))
    checked = (*_HERE, *waiting, *(() if offline else _ASKED))
    return Report(tuple(findings), checked, _ASKED if offline else ())


def _here(case: Case) -> Iterator[Finding]:
    for subject, look in _HERE.items():
        try:
            yield from look(case)
        except Exception as error:
            yield _broke(subject, error)


async def _asked(case: Case, limit: float, listen: float) -> list[Finding]:
    import aiohttp

    from gateway.doctor import accounts, models

    async with aiohttp.ClientSession() as http:
        looks = (
            accounts.examine(case, http, listen=listen),
            models.examine(case, http),
            clock.compare(case, http),
        )
        found = await asyncio.gather(
            *(_in_time(name, look, limit) for name, look in zip(_ASKED, looks, strict=True))
        )
    return [finding for some in found for finding in some]


async def _in_time(subject: str, look: Awaitable[list[Finding]], limit: float) -> list[Finding]:
    try:
        async with asyncio.timeout(limit):
            return await look
    except TimeoutError:
        return [SLOW.at(subject, seconds=limit)]
    except Exception as error:
        return [_broke(subject, error)]


def _broke(subject: str, error: Exception) -> Finding:
    # What an error says may hold anything; of the system's own, it is a path and the reason.
    how = str(error) if isinstance(error, OSError) else f"unexpected: {type(error).__name__}"
    return BROKE.at(subject, how=how)
