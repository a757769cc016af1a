"""What nobody caught goes into the log, like everything else.

Python would write it to standard error by itself: past the log's form, and with whatever secret
its words hold.
"""

import logging
import sys
import threading
from types import TracebackType
from typing import Any

import structlog

_log = structlog.get_logger("uncaught")


def log_uncaught() -> None:
    """From now on, in every thread; warnings, too."""
    sys.excepthook = _in_this_thread
    threading.excepthook = _in_a_thread
    sys.unraisablehook = _nowhere
    logging.captureWarnings(True)


def _in_this_thread(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    _log.critical("uncaught", exc_info=error)


def _in_a_thread(given: threading.ExceptHookArgs) -> None:
    name = given.thread.name if given.thread is not None else "unknown"
    _log.error("thread_broke", thread=name, exc_info=given.exc_value)


def _nowhere(given: Any) -> None:
    """Where nothing can be raised, as while an object is thrown away."""
    _log.error("uncaught", while_in=repr(given.object), exc_info=given.exc_value)
