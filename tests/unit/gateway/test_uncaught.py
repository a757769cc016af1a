"""What nobody caught is in the log, in its form, and without the secrets."""

import io
import json
import logging
import sys
import threading
import warnings

import pytest
import structlog

from gateway import logs
from gateway.redaction import REDACTED
from gateway.uncaught import log_uncaught

TOKEN = "123456:AAs3cret-of-a-bot"


@pytest.fixture
def logged():
    """What was logged, once it is asked for."""
    stream = io.BytesIO()
    before = sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning
    configured = logs.configure("info", "json", secrets=[TOKEN], stream=stream)
    log_uncaught()

    def read() -> list[dict]:
        configured.close()
        return [json.loads(line) for line in stream.getvalue().splitlines()]

    yield read
    configured.close()
    logging.captureWarnings(False)
    sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning = before
    structlog.reset_defaults()
    logging.basicConfig(handlers=[], force=True)


def fail() -> None:
    raise RuntimeError(f"broke over {TOKEN}")


class Breaks:
    def __del__(self) -> None:
        fail()


def in_a_thread() -> None:
    thread = threading.Thread(target=fail, name="worker")
    thread.start()
    thread.join(10)


def at_the_end() -> None:
    try:
        fail()
    except RuntimeError as error:
        sys.excepthook(type(error), error, error.__traceback__)


def as_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn(f"broke over {TOKEN}", stacklevel=1)


def test_what_nobody_caught_is_logged_without_its_secrets(logged, capfd):
    in_a_thread()
    at_the_end()
    Breaks()
    as_a_warning()
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)  # which is no error
    lines = logged()
    assert [line["event"] for line in lines[:3]] == ["thread_broke", "uncaught", "uncaught"]
    assert all(f"broke over {REDACTED}" in line.get("exception", line["event"]) for line in lines)
    assert len(lines) == 4
    assert capfd.readouterr() == ("", "")
