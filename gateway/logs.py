"""What is logged, and how: structlog for Argent's own words, the same form for its libraries'.

Every line carries the context that is bound around it (session, message), no control character,
and no secret: known secrets are replaced by value in the finished line, so that an exception's
text, a URL or a library's debugging cannot carry one out.
"""

import json
import logging
import re
import sys
import traceback
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, BinaryIO, Literal
from urllib.parse import quote, quote_plus

import orjson
import structlog
from structlog.typing import EventDict, WrappedLogger

from gateway.log_writer import LogWriter
from gateway.visible import one_line, visible

REDACTED = "[redacted]"
_SHORTEST_SECRET = 6
_QUIET = (
    "aiohttp.access",
    "asyncio",
    "discord",
    "httpcore",
    "httpcore2",
    "httpx",
    "httpx2",
    "slack_bolt",
    "slack_sdk",
    "telegram",
)

Redact = Callable[[str], str]


def configure(
    level: str = "info",
    format: Literal["auto", "text", "json"] = "auto",  # noqa: A002 - the setting's name
    *,
    secrets: Iterable[str] = (),
    stream: BinaryIO | None = None,
) -> LogWriter:
    """Log to `stream` (standard error) from now on. Close what is returned when the process ends.

    A secret shorter than six characters is not looked for: it would blot out ordinary words.
    """
    out = stream if stream is not None else sys.stderr.buffer
    text = format == "text" or (format == "auto" and out.isatty())
    lowest = logging.getLevelNamesMapping()[level.upper()]
    writer = LogWriter(out)
    render = _Render(as_text if text else as_json, redactor(secrets))
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, _complete, render],
        wrapper_class=structlog.make_filtering_bound_logger(lowest),
        logger_factory=lambda *_: _End(writer.write),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_Bridge(writer.write, render)], level=lowest, force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(lowest, logging.WARNING))
    return writer


def redactor(secrets: Iterable[str]) -> Redact:
    """A function that replaces these secrets in a text, also as URLs and JSON write them."""
    forms: set[str] = set()
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            forms |= {secret, quote(secret, safe=""), quote(secret), quote_plus(secret)}
            forms |= {json.dumps(secret)[1:-1], repr(secret)[1:-1]}
    if not forms:
        return lambda text: text
    pattern = re.compile("|".join(re.escape(f) for f in sorted(forms, key=len, reverse=True)))
    return lambda text: pattern.sub(REDACTED, text)


def as_json(event: EventDict) -> str:
    """One JSON object; what JSON cannot hold is written as its text."""
    ordered = {"at": event.pop("at"), "level": event.pop("level"), "event": event.pop("event")}
    try:
        line = orjson.dumps({**ordered, **event}, default=str, option=orjson.OPT_NON_STR_KEYS)
        return visible(line.decode())
    except (TypeError, ValueError):  # a lone surrogate, or nested without end
        return json.dumps({**ordered, "values": repr(event)}, default=repr)


def as_text(event: EventDict) -> str:
    """A line for people: the time, the level, what happened, and with what."""
    at, level = event.pop("at"), event.pop("level")
    error = event.pop("exception", None)
    words = [f"{at[11:19]} {level:<7} {one_line(str(event.pop('event')))}"]
    words += [f"{key}={one_line(str(value))}" for key, value in event.items()]
    line = "  ".join(words)
    return line if error is None else f"{line}\n{visible(str(error))}"


class _Render:
    """The last processor: the event as a finished line."""

    def __init__(self, form: Callable[[EventDict], str], redact: Redact) -> None:
        self._form = form
        self._redact = redact

    def __call__(self, _: WrappedLogger, __: str, event: EventDict) -> bytes:
        return self._redact(self._form(event)).encode("utf-8", "backslashreplace")


class _End:
    """What a structlog logger ends in: every level is one write."""

    __slots__ = ("critical", "debug", "error", "exception", "info", "warning")

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self.debug = self.info = self.warning = write
        self.error = self.exception = self.critical = write


class _Bridge(logging.Handler):
    """Brings what libraries log through `logging` into the same form."""

    def __init__(self, write: Callable[[bytes], None], render: _Render) -> None:
        super().__init__()
        self._write = write
        self._render = render

    def emit(self, record: logging.LogRecord) -> None:
        try:
            event: EventDict = {"event": record.getMessage(), "logger": record.name}
            if record.exc_info:
                event["exc_info"] = record.exc_info
            event = structlog.contextvars.merge_contextvars(None, "", event)
            event = _complete(None, record.levelname.lower(), event)
            self._write(self._render(None, "", event))
        except Exception:
            self.handleError(record)


def _complete(_: WrappedLogger, method: str, event: EventDict) -> EventDict:
    event["at"] = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    event["level"] = "error" if method == "exception" else method
    event.setdefault("event", "")
    if (error := event.pop("exc_info", None)) and (raised := _raised(error)):
        event["exception"] = "".join(traceback.format_exception(raised)).rstrip()
    return event


def _raised(given: Any) -> BaseException | None:
    """The exception behind what `logging` and structlog take for ``exc_info``."""
    if isinstance(given, BaseException):
        return given
    return given[1] if isinstance(given, tuple) else sys.exc_info()[1]
