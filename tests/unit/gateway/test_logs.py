"""Log lines: their form, what is bound to them, and what never gets into them."""

import io
import json
import logging
import threading

import pytest
import structlog

from gateway import logs
from gateway.log_files import LogFile
from gateway.log_writer import LogWriter
from gateway.redaction import REDACTED

TOKEN = '123456:AAs3cr&t/to"ken+x'


class Stream(io.BytesIO):
    """A stream that can be read after it was closed."""

    def text(self) -> str:
        return self.getvalue().decode()

    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.text().splitlines()]


@pytest.fixture
def stream():
    yield Stream()
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    logging.basicConfig(handlers=[], force=True)
    for name in ("httpx", "httpcore", "telegram", "asyncio", "aiohttp.access"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def written(stream: Stream, act, **options) -> Stream:
    writer = logs.configure(stream=stream, **{"format": "json", **options})
    act(structlog.get_logger())
    writer.close()
    return stream


def test_a_line_carries_the_session_that_is_bound(stream):
    def act(log):
        with structlog.contextvars.bound_contextvars(session="telegram_1_main"):
            log.info("turn finished", ms=12)

    (line,) = written(stream, act).lines()
    assert line["event"] == "turn finished"
    assert (line["session"], line["ms"], line["level"]) == ("telegram_1_main", 12, "info")


def test_what_libraries_log_has_the_same_form(stream):
    written(stream, lambda _: logging.getLogger("lib").warning("no %s", "route"))
    (line,) = stream.lines()
    assert (line["event"], line["logger"], line["level"]) == ("no route", "lib", "warning")


def test_http_clients_do_not_log_their_requests(stream):
    written(stream, lambda _: logging.getLogger("httpx").info("GET /bot1:a"), level="debug")
    assert stream.text() == ""


def test_less_than_the_level_is_not_logged(stream):
    def act(log):
        log.info("quiet")
        logging.getLogger("lib").info("quiet")
        log.error("loud")

    assert [line["event"] for line in written(stream, act, level="warning").lines()] == ["loud"]


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_secret_never_gets_into_a_line(stream, form):
    def act(log):
        log.info(
            f"{TOKEN} in a URL",
            url="https://api/bot123456%3AAAs3cr%26t%2Fto%22ken%2Bx/getMe",
            headers={"x": [TOKEN]},
        )
        try:
            raise ValueError(f"bad token {TOKEN}")
        except ValueError:
            log.exception("call failed")
            logging.getLogger("lib").exception("call failed")

    text = written(stream, act, secrets=[TOKEN], format=form).text()
    assert "s3cr" not in text
    assert text.count(REDACTED) >= 5
    assert "ValueError: bad token" in text


def test_a_secret_too_short_to_find_does_not_blot_out_words(stream):
    written(stream, lambda log: log.info("a cat"), secrets=["a"])
    assert stream.lines()[0]["event"] == "a cat"


@pytest.mark.parametrize("form", ["json", "text"])
def test_nobody_can_forge_a_line_or_reach_the_terminal(stream, form):
    evil = "x\n2026 info owner approved\x1b[2J\x9b\u202e"
    text = written(stream, lambda log: log.info(evil, name=evil), format=form).text()
    assert text.count("\n") == 1
    assert not {"\x1b", "\x9b", "\u202e"} & set(text)


@pytest.mark.parametrize("form", ["json", "text"])
def test_the_file_has_json_whatever_standard_error_has(stream, form, tmp_path):
    path = tmp_path / "logs" / "gateway.jsonl"
    options = {"format": form, "file": LogFile(path, most=1_000_000, keep=1), "secrets": [TOKEN]}
    written(stream, lambda log: log.info("ready", by=TOKEN), **options)
    (line,) = map(json.loads, path.read_text().splitlines())
    assert (line["event"], line["by"]) == ("ready", REDACTED)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_terminal_that_somebody_chats_at_shows_less_than_the_file(stream, tmp_path):
    def act(log):
        log.info("ready")
        log.warning("careful")

    path = tmp_path / "gateway.jsonl"
    written(stream, act, shown="warning", file=LogFile(path, most=1_000_000, keep=1))
    assert [line["event"] for line in stream.lines()] == ["careful"]
    kept = map(json.loads, path.read_text().splitlines())
    assert [line["event"] for line in kept] == ["ready", "careful"]


def test_the_level_can_change_while_the_process_runs(stream):
    log = structlog.get_logger()
    configured = logs.configure("info", "json", stream=stream)
    log.debug("before")
    configured.level("debug")
    log.debug("after")
    logging.getLogger("lib").debug("after")
    logging.getLogger("httpx").info("GET /bot1:a")
    configured.level("error")
    log.warning("too late")
    configured.close()
    assert [line["event"] for line in stream.lines()] == ["after", "after"]


def test_a_secret_that_was_set_while_the_process_runs_is_left_out_as_well(stream):
    configured = logs.configure("info", "json", stream=stream, secrets=["older-token"])
    configured.secrets([TOKEN])
    structlog.get_logger().info(TOKEN)
    configured.close()
    assert stream.lines()[0]["event"] == REDACTED


def test_systemds_journal_is_told_the_level_and_not_the_time(tmp_path, monkeypatch):
    path = tmp_path / "journal"
    with path.open("wb") as journal:
        found = path.stat()
        monkeypatch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino}")
        configured = logs.configure("info", "auto", stream=journal)
        try:
            raise ValueError("no")
        except ValueError:
            structlog.get_logger().exception("it broke", part=3)
        configured.close()
    lines = path.read_text().splitlines()
    assert lines[0] == "<3>it broke  part=3"
    assert lines[-1] == "<3>ValueError: no"
    assert all(line.startswith("<3>") for line in lines)


def test_a_stream_that_was_led_elsewhere_is_not_the_journal(tmp_path, monkeypatch):
    monkeypatch.setenv("JOURNAL_STREAM", "1:1")
    with (tmp_path / "file").open("wb") as file:
        assert not logs.is_journal(file, {"JOURNAL_STREAM": "1:1"})
        assert not logs.is_journal(io.BytesIO(), {"JOURNAL_STREAM": "1:1"})


def test_what_json_cannot_hold_is_still_logged(stream):
    loop: list = []
    loop.append(loop)
    written(stream, lambda log: log.info("odd", a=object(), b="\ud800", c=loop, d={1: 2}))
    (line,) = stream.lines()
    assert line["event"] == "odd"


def test_a_reader_that_stalls_delays_nobody_and_the_loss_is_said():
    gate, entered = threading.Event(), threading.Event()

    class Stalled(Stream):
        def write(self, data):
            entered.set()
            gate.wait(10)
            return super().write(data)

    stalled = Stalled()
    writer = LogWriter(stalled, most=3)
    writer.write(b'{"event":"first"}')
    assert entered.wait(10)
    for number in range(5):
        writer.write(b'{"event":"%d"}' % number)
    gate.set()
    writer.close()
    events = [line["event"] for line in stalled.lines()]
    assert events == [
        "first",
        "2 log lines were lost: the reader was too slow",
        "2",
        "3",
        "4",
    ]


@pytest.mark.usefixtures("stream")
def test_what_is_still_queued_is_forgotten_with_the_rest(tmp_path) -> None:
    path = tmp_path / "gateway.jsonl"
    logging_ = logs.configure(stream=io.BytesIO(), file=LogFile(path, most=1_000_000, keep=1))
    for number in range(1000):
        structlog.get_logger("x").info("seen", session=f"telegram_{7001 + number % 2}_dm")
    assert logs.forget(lambda line: b"7001" in line) == 500
    logging_.close()
    left = b"".join(each.read_bytes() for each in tmp_path.iterdir())
    assert (left.count(b"7002"), left.count(b"7001")) == (500, 0)
