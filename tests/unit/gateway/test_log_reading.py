"""Reading log files: from the end, and on across every turn of the files."""

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import log_reading
from gateway.log_files import LogFile
from gateway.log_reading import Lines, opened
from gateway.log_wanted import Wanted


@pytest.fixture
def path(tmp_path):
    return tmp_path / "gateway.jsonl"


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(log_reading, "BLOCK", 128)


def written(number: int, **facts: object) -> bytes:
    at = f"2026-01-01T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}.000Z"
    return json.dumps({"at": at, "level": "info", "event": f"e{number}", **facts}).encode()


def log(path, count: int, *, most: int = 1_000, start: int = 0, **facts: object) -> LogFile:
    file = LogFile(path, most=most, keep=100)
    for number in range(start, start + count):
        file.append([written(number, **facts)])
    return file


def events(lines) -> list[str]:
    return [str(line.event["event"]) for line in lines]


def last(path, count: int, **wanted) -> list[str]:
    with opened(path) as reader:
        return events(reader.last(count, Lines(Wanted(**wanted))))


def whole(path, **wanted) -> list[str]:
    with opened(path) as reader:
        return events(reader.all(Lines(Wanted(**wanted))))


def numbered(*numbers: int) -> list[str]:
    return [f"e{number}" for number in numbers]


def test_the_last_lines_come_in_order_from_as_many_files_as_it_takes(path):
    log(path, 100)
    assert last(path, 30) == numbered(*range(70, 100))
    assert last(path, 1_000) == whole(path) == numbered(*range(100))
    assert last(path, 0) == []


@given(
    sizes=st.lists(st.integers(min_value=0, max_value=400), max_size=20),
    count=st.integers(min_value=0, max_value=25),
)
def test_no_line_is_cut_by_the_blocks_that_a_file_is_read_in(tmp_path_factory, sizes, count):
    path = tmp_path_factory.mktemp("logs") / "gateway.jsonl"
    lines = [written(number, pad="x" * size) for number, size in enumerate(sizes)]
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    assert whole(path) == numbered(*range(len(sizes)))
    assert last(path, count) == whole(path)[max(0, len(sizes) - count) :]


def test_lines_since_a_time_are_found_without_reading_those_before(path):
    log(path, 600)
    assert whole(path, since="2026-01-01T00:09:57.000Z") == numbered(597, 598, 599)
    assert last(path, 2, since="2026-01-01T00:09:57.000Z") == numbered(598, 599)
    found = whole(path, since="2026-01-01T00:09:00.000Z", until="2026-01-01T00:09:01.000Z")
    assert found == numbered(540, 541)


def test_a_clock_that_was_wrong_for_some_lines_hides_none_behind_them(path):
    log(path, 4, start=100)
    log(path, 1, start=0)
    log(path, 4, start=104)
    assert whole(path, since="2026-01-01T00:01:40.000Z") == numbered(*range(100, 108))


def test_damaged_lines_are_counted_and_left_out(path):
    log(path, 2)
    with path.open("ab") as torn:
        torn.write(b'{"at":"2026\n[1]\n')
    log(path, 1, start=2)
    lines = Lines(Wanted())
    with opened(path) as reader:
        assert events(reader.all(lines)) == numbered(0, 1, 2)
    assert lines.damaged == 2


def test_only_what_is_wanted_is_found(path):
    log(path, 20, session="telegram_1_main", channel="telegram")
    log(path, 20, start=20, session="telegram_12_main", channel="telegram")
    log(path, 1, start=40, session="slack_1_dm", channel="slack")
    assert last(path, 1, session="telegram_1_main") == numbered(19)
    assert last(path, 2, session="telegram_1", begins=True) == numbered(38, 39)
    assert whole(path, channel="slack") == numbered(40)
    assert whole(path, level="error") == []
    assert whole(path, text="E40  SESSION") == numbered(40)


def test_what_is_appended_is_followed_across_every_turn_of_the_files(path):
    file = log(path, 3)
    with opened(path) as reader:
        following = reader.on()
    lines = Lines(Wanted())
    assert following.look() == b""
    seen = []
    for start in range(3, 63, 20):
        for number in range(start, start + 20):
            file.append([written(number)])
        seen += events(lines.of(following.look()))
    assert seen == numbered(*range(3, 63))
    following.close()


def test_what_is_logged_while_the_last_lines_are_printed_is_followed(path):
    file = log(path, 3)
    with opened(path) as reader:
        file.append([written(3)])
        assert events(reader.last(9, Lines(Wanted()))) == numbered(0, 1, 2)
        following = reader.on()
    assert events(Lines(Wanted()).of(following.look())) == numbered(3)
    following.close()


def test_half_a_line_is_waited_for(path):
    log(path, 1)
    with opened(path) as reader:
        following = reader.on()
    line = written(1)
    with path.open("ab", buffering=0) as file:
        file.write(line[:10])
        assert following.look() == b""
        file.write(line[10:] + b"\n")
    assert following.look() == line + b"\n"
    following.close()


def test_files_that_are_not_there_yet_or_were_taken_away_are_followed_when_they_come(path):
    with opened(path) as reader:
        following = reader.on()
    lines = Lines(Wanted())
    assert following.look() == b""
    log(path, 20, most=300)
    assert events(lines.of(following.look())) == numbered(*range(20))
    path.unlink()
    assert following.look() == b""
    log(path, 1, start=20)
    assert events(lines.of(following.look())) == numbered(20)
    os.truncate(path, 0)
    assert following.look() == b""
    log(path, 1, start=21)
    assert events(lines.of(following.look())) == numbered(21)
    following.close()
