"""Log files: they are turned over by size, and nothing that a disk does holds anybody up."""

import io
import json
import os
import threading

import pytest

from gateway.config import LogSettings
from gateway.log_files import LogFile, in_order, log_file
from gateway.log_writer import Line, LogWriter

SMALL = 100


@pytest.fixture
def path(tmp_path):
    return tmp_path / "logs" / "gateway.jsonl"


def numbers(path) -> list[int]:
    """What the files hold, oldest first, where every line is a number."""
    return [int(line) for each in in_order(path) for line in each.read_text().splitlines()]


def many(file: LogFile, count: int, start: int = 0) -> None:
    for number in range(start, start + count):
        file.append([b"%010d" % number])


def test_the_setting_says_where_lines_are_kept(tmp_path):
    assert log_file(True, tmp_path) == tmp_path / "logs" / "gateway.jsonl"
    assert log_file(False, tmp_path) is None
    assert log_file("mine.jsonl", tmp_path) == tmp_path / "mine.jsonl"
    assert str(log_file("/var/log/argent.jsonl", tmp_path)) == "/var/log/argent.jsonl"


@pytest.mark.parametrize(
    ("written", "meant"), [("true", True), ("False", False), ("/var/log/a.jsonl", None)]
)
def test_the_environment_can_switch_it_off(written, meant):
    assert LogSettings(file=written).file == (written if meant is None else meant)


def test_a_full_file_is_put_behind_the_others_and_the_oldest_go(path):
    many(LogFile(path, most=SMALL, keep=2), 40)
    assert [each.name for each in in_order(path)] == [
        "gateway.000003.jsonl",
        "gateway.000004.jsonl",
        "gateway.jsonl",
    ]
    assert numbers(path) == list(range(18, 40))
    assert all(each.stat().st_size <= SMALL for each in in_order(path))


def test_the_numbers_go_on_after_a_start(path):
    many(LogFile(path, most=SMALL, keep=9), 20)
    many(LogFile(path, most=SMALL, keep=9), 20, start=20)
    assert numbers(path) == list(range(40))


def test_half_a_line_of_a_killed_process_does_not_spoil_the_next(path):
    LogFile(path, most=SMALL, keep=1).append([b"1"])
    with path.open("ab") as torn:
        torn.write(b'{"at":"2026')
    LogFile(path, most=SMALL, keep=1).append([b"2"])
    assert path.read_text().splitlines() == ["1", '{"at":"2026', "2"]


def test_two_processes_lose_nothing_to_each_other(path):
    """Two writers, as two processes have them: neither knows of the other but by the folder."""

    def write(start: int) -> None:
        many(LogFile(path, most=2_000, keep=1_000), 500, start)

    threads = [threading.Thread(target=write, args=(start,)) for start in (0, 500)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(numbers(path)) == list(range(1_000))
    assert len(in_order(path)) > 3


def test_an_old_file_that_cannot_be_removed_costs_no_line(path):
    file = LogFile(path, most=SMALL, keep=1)
    # Nobody can unlink a folder.
    path.with_name("gateway.000000.jsonl").mkdir(parents=True)
    many(file, 20)
    path.with_name("gateway.000000.jsonl").rmdir()
    assert numbers(path) == list(range(9, 20))


def test_a_file_that_was_taken_away_is_made_anew(path):
    file = LogFile(path, most=SMALL, keep=1)
    file.append([b"1"])
    path.unlink()
    file.append([b"2"])
    assert numbers(path) == [2]


def test_a_pipe_in_the_place_of_the_file_holds_nobody_up(path):
    path.parent.mkdir()
    os.mkfifo(path)
    with pytest.raises(OSError, match="no file"):
        LogFile(path, most=SMALL, keep=1).append([b"1"])


def test_what_cannot_be_kept_is_said_once_and_counted_in_the_file_when_it_can(path):
    shown = io.BytesIO()
    path.parent.mkdir()
    path.mkdir()  # nothing can be written there, whoever we are
    waiting = threading.Event()

    class Watched(LogFile):
        def append(self, lines):
            try:
                super().append(lines)
            finally:
                waiting.set()

    writer = LogWriter(shown, Watched(path, most=10_000, keep=1))
    for number in range(3):
        waiting.clear()
        writer.write(b"shown", b'{"event":"%d"}' % number)
        assert waiting.wait(10)
    path.rmdir()
    writer.write(b"shown", b'{"event":"back"}')
    writer.close()
    events = [json.loads(line)["event"] for line in path.read_text().splitlines()]
    assert events == ["3 log lines were lost: the file could not be written", "back"]
    said = [line for line in shown.getvalue().decode().splitlines() if line != "shown"]
    assert len(said) == 2
    assert "the log file cannot be written" in said[0]
    assert "it lacks 3 lines" in said[1]


def test_what_only_the_stream_or_only_the_file_wants_goes_nowhere_else(path):
    shown = io.BytesIO()
    writer = LogWriter(shown, LogFile(path, most=SMALL, keep=1), own=lambda text: Line(None, None))
    writer.write(b"shown")
    writer.write(None, b"kept")
    writer.close()
    assert (shown.getvalue(), path.read_bytes()) == (b"shown\n", b"kept\n")
