"""The clock: what platforms say the time is, and whether time went back here."""

import asyncio
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from channels.probe import Fault, Finding, Level
from gateway.doctor.case import Case
from state.files.layout import Layout

if TYPE_CHECKING:
    import aiohttp

OFF = Fault(
    "clock-off",
    Level.WARNING,
    "this machine's clock is {seconds:.0f} s {way}",
    "{where} says that it is {said:%Y-%m-%d %H:%M:%S} UTC",
    "set the clock, and let it be kept: timedatectl set-ntp true",
)
WENT_BACK = Fault(
    "clock-went-back",
    Level.WARNING,
    "{where} was written at {written:%Y-%m-%d %H:%M:%S} UTC, which is still to come",
    "the clock was set back, or was wrong then; what is due by time comes late",
    "set the clock, and let it be kept: timedatectl set-ntp true",
)
ZONE_UNKNOWN = Fault(
    "time-zone-unknown",
    Level.WARNING,
    "the time zone {zone} is not known here",
    "TZ names it, and the time zone database has no such name",
    "correct TZ (Europe/Berlin), or install the database: apt install tzdata",
)
FAULTS = (OFF, WENT_BACK, ZONE_UNKNOWN)

MOST_OFF = timedelta(seconds=30)
"""Signed requests of Slack are refused when they are minutes old; well before that, it is said."""

MOST_AHEAD = timedelta(minutes=5)
_SECONDS = 5.0
_POSIX_ZONE = re.compile(r":?[A-Za-z<][^/]*[0-9]")


def examine(case: Case) -> Iterator[Finding]:
    """What can be seen of the clock without asking anybody."""
    newest = Layout(case.state_dir).database
    with suppress(OSError):
        written = datetime.fromtimestamp(newest.stat().st_mtime, UTC)
        if written - case.now > MOST_AHEAD:
            yield WENT_BACK.at(str(newest), written=written)
    zone = case.environ.get("TZ", "")
    if zone and not _is_known(zone):
        yield ZONE_UNKNOWN.at("TZ", zone=zone)


async def compare(case: Case, http: "aiohttp.ClientSession") -> list[Finding]:
    """How the clock stands beside those of the servers that Argent speaks to anyway.

    A server's `Date` is when it answered: https://www.rfc-editor.org/rfc/rfc9110#name-date.
    """
    dates = await asyncio.gather(*(_date(case, http, root) for root in roots(case)))
    told = [date for date in dates if date is not None]
    if not told:
        return []
    # One server may be wrong; the one in the middle hardly is.
    said = sorted(told, key=lambda each: each[1])[len(told) // 2]
    off = said[2] - said[1]
    if abs(off) <= MOST_OFF:
        return []
    way = "fast" if off > timedelta(0) else "slow"
    return [OFF.at(said[0], seconds=abs(off).total_seconds(), way=way, said=said[1])]


def roots(case: Case) -> list[str]:
    """The addresses that are asked for the time."""
    accounts = case.settings.channels.values() if case.settings is not None else ()
    return list(dict.fromkeys(account.api_root for account in accounts if account.enabled))


async def _date(
    case: Case, http: "aiohttp.ClientSession", root: str
) -> tuple[str, datetime, datetime] | None:
    """A server's name, its time, and ours at that moment."""
    import aiohttp
    from yarl import URL

    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    try:
        async with http.head(root, timeout=timeout, allow_redirects=False) as answer:
            here = case.now
            said = parsedate_to_datetime(answer.headers["Date"])
    except (aiohttp.ClientError, TimeoutError, OSError, KeyError, ValueError):
        return None
    return str(URL(root).host), said.astimezone(UTC), here


def _is_known(zone: str) -> bool:
    name = zone.removeprefix(":")
    if _POSIX_ZONE.fullmatch(zone) or os.path.isabs(name):  # noqa: PTH117
        return True
    try:
        ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        return False
    return True
