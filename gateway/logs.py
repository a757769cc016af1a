"""What is logged, and how: structlog for Argent's own words, the same form for its libraries'.

Every line carries the context that is bound around it (see `follow`), no control character, and no
secret: known secrets are replaced by value in the finished line, so that an exception's text, a URL
or a library's debugging cannot carry one out.
"""

import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, BinaryIO, Literal

import structlog
from structlog.typing import EventDict, WrappedLogger

from gateway.log_files import LogFile
from gateway.log_forgetting import Named, forget_lines
from gateway.log_forms import as_journal, as_json, as_text
from gateway.log_writer import Line, LogWriter
from gateway.redaction import Redact, redactor

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}
_QUIET = (
    "aiohttp.access",
    "asyncio",
    "discord",
    "httpcore",
    "httpcore2",
    "httpx",
    "httpx2",
    "markdown_it",
    "slack_bolt",
    "slack_sdk",
    "telegram",
)
"""Libraries whose requests and frames nobody wants to read: only their warnings are logged."""

Form = Callable[[Mapping[str, Any]], str]

_configured: list["Logging"] = []
"""What was configured last: like `logging` itself, it is one for the whole process."""


class Logging:
    """Logging as it was configured. Its level and its secrets can change while the process runs."""

    def __init__(
        self,
        level: str,
        form: Form,
        stream: BinaryIO,
        *,
        secrets: Iterable[str],
        file: LogFile | None,
        shown: str | None,
    ) -> None:
        self._render = render = _Render(form, redactor(secrets), keeps=file is not None)
        self._shown = shown
        self._file = file
        self._gate = _Gate()
        self._writer = LogWriter(stream, file, own=_own(render))
        structlog.configure(
            processors=[self._gate, structlog.contextvars.merge_contextvars, _complete, render],
            wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
            logger_factory=lambda *_: _End(self._writer),
            cache_logger_on_first_use=True,
        )
        logging.basicConfig(handlers=[_Bridge(self._writer, render)], force=True)
        self.level(level)

    def level(self, name: str) -> None:
        """Log nothing less severe than this from now on."""
        lowest = self._gate.lowest = _LEVELS[name]
        self._render.lowest = max(lowest, _LEVELS[self._shown or name])
        logging.getLogger().setLevel(lowest)
        for library in _QUIET:
            logging.getLogger(library).setLevel(max(lowest, logging.WARNING))

    def secrets(self, secrets: Iterable[str]) -> None:
        """Leave these out from now on, instead of those before.

        One shorter than `redaction.SHORTEST` is not looked for: it would blot out ordinary words.
        """
        self._render.redact = redactor(secrets)

    def redact(self, text: str) -> str:
        """A text without the secrets, for what is written elsewhere."""
        return self._render.redact(text)

    def forget(self, named: Named) -> int:
        """Take the lines that name somebody out of the files; how many. Raises OSError."""
        self._writer.settle()
        return 0 if self._file is None else forget_lines(self._file.path, named)

    def close(self, timeout: float = 2.0) -> None:
        """Write what is queued, within `timeout` seconds. What is logged afterwards is lost."""
        self._writer.close(timeout)


def configure(
    level: str = "info",
    format: Literal["auto", "text", "json"] = "auto",  # noqa: A002 - the setting's name
    *,
    secrets: Iterable[str] = (),
    stream: BinaryIO | None = None,
    file: LogFile | None = None,
    shown: str | None = None,
) -> Logging:
    """Log to `stream` (standard error), and to a file, from now on.

    The file has JSON lines whatever the stream has: `argent logs` reads it. `shown` is a level of
    the stream's own, where it is to have less than the file. Close what is returned when the
    process ends.
    """
    out = stream if stream is not None else sys.stderr.buffer
    made = Logging(level, _form(format, out), out, secrets=secrets, file=file, shown=shown)
    _configured[:] = [made]
    return made


def configured() -> Logging | None:
    """How this process logs, for whoever changes that while it runs; None before `configure`."""
    return _configured[0] if _configured else None


def forget(named: Named) -> int:
    """Take lines out of this process's log, as `Logging.forget` does."""
    return 0 if (made := configured()) is None else made.forget(named)


def _form(format: str, out: BinaryIO) -> Form:  # noqa: A002 - the setting's name
    if format == "text" or (format == "auto" and out.isatty()):
        return as_text
    return as_journal if format == "auto" and is_journal(out, os.environ) else as_json


def is_journal(out: BinaryIO, environ: Mapping[str, str]) -> bool:
    """Whether a stream leads to systemd's journal, and not where a child's was led since.

    https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#%24JOURNAL_STREAM
    """
    named = environ.get("JOURNAL_STREAM")
    if not named:
        return False
    try:
        found = os.fstat(out.fileno())
    except OSError:  # no file behind it: io.UnsupportedOperation is one
        return False
    return named == f"{found.st_dev}:{found.st_ino}"


class _Gate:
    """The first processor: lets nothing through that is less severe than `lowest`."""

    lowest = logging.DEBUG

    def __call__(self, _: WrappedLogger, method: str, event: EventDict) -> EventDict:
        if _severity(method) < self.lowest:
            raise structlog.DropEvent
        return event


class _Render:
    """The last processor: the event as a finished line, in the forms that it is wanted in."""

    def __init__(self, form: Form, redact: Redact, *, keeps: bool) -> None:
        self._form = form
        self._keeps = keeps
        self.redact = redact
        self.lowest = logging.DEBUG

    def line(self, event: EventDict) -> Line:
        """Without the secrets that are known now; not shown where it is less than `lowest`."""
        shown = kept = None
        if _severity(event["level"]) >= self.lowest:
            shown = self._finished(self._form, event)
        if self._keeps:
            kept = shown if self._form is as_json else None
            kept = kept or self._finished(as_json, event)
        return Line(shown, kept)

    def _finished(self, form: Form, event: EventDict) -> bytes:
        return self.redact(form(event)).encode("utf-8", "backslashreplace")

    def __call__(self, _: WrappedLogger, __: str, event: EventDict) -> tuple[Line, dict[str, Any]]:
        return self.line(event), {}


class _End:
    """What a structlog logger ends in: every level is one write."""

    __slots__ = ("critical", "debug", "error", "exception", "info", "warning")

    def __init__(self, writer: LogWriter) -> None:
        self.debug = self.info = self.warning = writer.write
        self.error = self.exception = self.critical = writer.write


class _Bridge(logging.Handler):
    """Brings what libraries log through `logging` into the same form."""

    def __init__(self, writer: LogWriter, render: _Render) -> None:
        super().__init__()
        self._writer = writer
        self._render = render

    def emit(self, record: logging.LogRecord) -> None:
        try:
            event: EventDict = {"event": record.getMessage(), "logger": record.name}
            if record.exc_info:
                event["exc_info"] = record.exc_info
            event = structlog.contextvars.merge_contextvars(None, "", event)
            event = _complete(None, record.levelname.lower(), event)
            self._writer.write(*self._render.line(event))
        except Exception:
            self.handleError(record)


def _complete(_: WrappedLogger, method: str, event: EventDict) -> EventDict:
    event["at"] = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    event["level"] = "error" if method == "exception" else method
    event.setdefault("event", "")
    if (error := event.pop("exc_info", None)) and (raised := _raised(error)):
        event["exception"] = "".join(traceback.format_exception(raised)).rstrip()
    return event


def _own(render: _Render) -> Callable[[str], Line]:
    """What the writer has to say, as a warning like any other."""
    return lambda text: render.line(_complete(None, "warning", {"event": text}))


def _severity(level: str) -> int:
    return _LEVELS.get(level, logging.ERROR)


def _raised(given: Any) -> BaseException | None:
    """The exception behind what `logging` and structlog take for ``exc_info``."""
    if isinstance(given, BaseException):
        return given
    return given[1] if isinstance(given, tuple) else sys.exc_info()[1]
