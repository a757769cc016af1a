"""Lines that name somebody go from the log, and all others stay where they were."""

import stat
from pathlib import Path

from gateway.log_files import LogFile, in_order
from gateway.log_forgetting import forget_lines

THEIRS = b"7001"


def named(line: bytes) -> bool:
    return THEIRS in line


def written(path: Path, count: int, *, most: int = 60) -> LogFile:
    file = LogFile(path, most=most, keep=100)
    for number in range(count):
        file.append([b"%d telegram_%s_dm" % (number, THEIRS if number % 3 == 0 else b"7002")])
    return file


def lines(path: Path) -> list[bytes]:
    return [line for each in in_order(path) for line in each.read_bytes().splitlines()]


def test_their_lines_go_from_every_file_and_others_stay_in_order(tmp_path: Path) -> None:
    path = tmp_path / "gateway.jsonl"
    written(path, 20)
    before = lines(path)
    assert forget_lines(path, named) == 7
    assert lines(path) == [line for line in before if THEIRS not in line]
    assert forget_lines(path, named) == 0
    assert not list(tmp_path.glob(".*")), "nothing half-made is left"


def test_who_writes_goes_on_behind_it(tmp_path: Path) -> None:
    path = tmp_path / "gateway.jsonl"
    file = written(path, 2, most=10_000)
    forget_lines(path, named)
    file.append([b"after"])
    assert lines(path) == [b"1 telegram_7002_dm", b"after"]


def test_files_without_a_line_of_theirs_are_left_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "gateway.jsonl"
    path.write_bytes(b"of others\n")
    before = path.stat()
    assert forget_lines(path, named) == 0
    assert (path.stat().st_ino, in_order(path)) == (before.st_ino, [path])
    assert forget_lines(tmp_path / "none.jsonl", named) == 0


def test_whoever_may_read_a_file_still_may(tmp_path: Path) -> None:
    path = tmp_path / "gateway.jsonl"
    written(path, 2, most=10_000)
    path.chmod(0o640)
    forget_lines(path, named)
    (kept,) = in_order(path)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o640
