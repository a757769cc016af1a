"""Which log lines somebody wants to see. Pure.

Log files are large and little of them is wanted, so a whole block is dismissed by what cannot be
missing in its bytes before any of its lines is read.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.log_forms import as_words

LEVELS = ("debug", "info", "warning", "error", "critical")
"""From the least severe to the most."""

_AT = re.compile(rb'^\{"at":"([^"]{10,40})"', re.MULTILINE)
_BACK = re.compile(r"([0-9]{1,6}) ?(s|min|h|d|w)")
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}


class InvalidTime(ValueError):
    """A text that names no moment; the message says how one is written."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """All of these hold for a line that is wanted; what is None or empty asks for nothing.

    `session` is an id, or only how one `begins`. `since` and `until` are written as lines write
    their times, which sort as text. `text` is looked for in the words that people are shown,
    whatever its case.
    """

    session: str | None = None
    begins: bool = False
    channel: str | None = None
    level: str = LEVELS[0]
    since: str | None = None
    until: str | None = None
    text: str = ""

    def takes(self, event: Mapping[str, Any]) -> bool:
        """Whether a line is wanted."""
        at = str(event.get("at", ""))
        return (
            (self.session is None or self._is_of(str(event.get("session", ""))))
            and (self.channel is None or event.get("channel") == self.channel)
            and event.get("level") not in LEVELS[: LEVELS.index(self.level)]
            and (self.since is None or at >= self.since)
            and (self.until is None or at <= self.until)
            and self._says(event)
        )

    def may_be_in(self, lines: bytes) -> bool:
        """Whether any of these lines may be wanted; no is certain."""
        if self.session is not None and self.session.encode() not in lines:
            return False
        if self.channel is not None and self.channel.encode() not in lines:
            return False
        worse = LEVELS[LEVELS.index(self.level) :]
        return len(worse) == len(LEVELS) or any(each.encode() in lines for each in worse)

    def too_old(self, lines: bytes) -> bool:
        """Whether all of these lines were written before `since`."""
        if self.since is None:
            return False
        since = self.since.encode()
        times = _AT.findall(lines)
        return bool(times) and all(at < since for at in times)

    def _is_of(self, session: str) -> bool:
        whole = self.session or ""
        return session.startswith(whole) if self.begins else session == whole

    def _says(self, event: Mapping[str, Any]) -> bool:
        return not self.text or self.text.casefold() in as_words(complete(event)).casefold()


def complete(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """A line with what every line has, wherever it came from."""
    return {"at": "", "level": "", "event": "", **event}


def moment(text: str, now: datetime) -> str:
    """A moment as lines write it: so long before `now` (``2h``), or a time (``14:30``, ISO 8601).

    A time without a zone is in that of `now`. Raises `InvalidTime`.
    """
    written = text.strip()
    if back := _BACK.fullmatch(written):
        try:
            return written_at(now - timedelta(seconds=int(back[1]) * _SECONDS[back[2]]))
        except OverflowError:
            raise InvalidTime(f"{text!r} is before all logs") from None
    if re.fullmatch("[0-9]+m", written):
        raise InvalidTime(f"{text!r} could be minutes or months: write {written}in, or days (30d)")
    try:
        found = datetime.fromisoformat(_with_day(written, now))
    except ValueError:
        raise InvalidTime(
            f"{text!r} is no time: write how long ago (90s, 10min, 2h, 3d), a time of today "
            "(14:30) or a date (2026-01-30, 2026-01-30T14:30)"
        ) from None
    return written_at(found if found.tzinfo is not None else found.replace(tzinfo=now.tzinfo))


def _with_day(written: str, now: datetime) -> str:
    """A time of day is one of today."""
    if re.fullmatch("[0-9]{1,2}(:[0-9]{2}){1,2}", written) is None:
        return written
    hour, _, rest = written.partition(":")
    return f"{now.date().isoformat()}T{hour:0>2}:{rest}"


def written_at(moment: datetime) -> str:
    """A moment as lines write theirs."""
    utc = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return utc.replace("+00:00", "Z")
