"""A backup that is broken, or made to do harm, is told to be so and writes nothing."""

import asyncio
import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from state.files.backup.archive import open_backup
from state.files.backup.manifest import MOST, BadBackup, BadPlace
from state.files.backup.restore import restore
from state.store import NotFound, StoreError
from tests.unit.state.files.backup.world import back_up, contents, nothing, verified
from tests.unit.state.files.conversation import said

Json = dict[str, Any]
Member = tuple[tarfile.TarInfo, bytes]


def member(name: str, data: bytes = b"", **changes: Any) -> Member:
    header = tarfile.TarInfo(name)
    header.size = len(data)
    for field, value in changes.items():
        setattr(header, field, value)
    return header, data


def record(name: str, data: bytes = b"", **changes: Any) -> Json:
    return {"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()} | changes


def manifest(*files: Json, **changes: Any) -> bytes:
    value = {
        "kind": "argent-backup",
        "format": 1,
        "argent": "0.1.0",
        "created_at": "2026-01-30T12:00:00Z",
        "config": False,
        "left_out": [],
        "files": list(files),
    }
    return json.dumps(value | changes).encode()


def packed(*members: Member) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz", format=tarfile.GNU_FORMAT) as tar:
        for header, data in members:
            tar.addfile(header, io.BytesIO(data))
    return whole.getvalue()


def archive(first: bytes, *members: Member) -> bytes:
    return packed(member("manifest.json", first), *members)


def one(name: str, **changes: Any) -> bytes:
    """A backup of one file, which is told and held under this name."""
    return archive(manifest(record(name, b"x")), member(name, b"x", **changes))


def bomb() -> bytes:
    """A manifest that says that it is large, and is."""
    header = tarfile.TarInfo("manifest.json")
    header.size = MOST + 1
    return gzip.compress(header.tobuf(tarfile.GNU_FORMAT) + b" " * 100_000)


def long_name() -> bytes:
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 1 << 40
    whole = gzip.decompress(archive(manifest(record("a", b"x"))))
    first = whole[: 512 + 1024]
    return gzip.compress(first.rstrip(b"\0") + b"\0" * 512 + header.tobuf(tarfile.GNU_FORMAT))


GOOD = one("notes")
LINK = {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd", "size": 0}

HOSTILE: dict[str, bytes] = {
    "nothing at all": b"",
    "no gzip": b"Hello there",
    "an empty archive": gzip.compress(b"\0" * 1024),
    "no archive": gzip.compress(b"Hello there" * 100),
    "cut short": GOOD[: len(GOOD) // 2],
    "without its end": gzip.compress(gzip.decompress(GOOD)[: 512 * 3]),
    "something behind its end": gzip.compress(gzip.decompress(GOOD) + b"more"),
    "much behind its end": gzip.compress(gzip.decompress(GOOD) + b"\0" * (2 << 20)),
    "no manifest": packed(member("a", b"x")),
    "another manifest": archive(b'{"kind": "something else"}'),
    "a manifest that is no object": archive(b"[]"),
    "a manifest that is too deep": archive(b'{"files":' * 50_000),
    "a newer format": archive(manifest(format=2)),
    "no digest": archive(manifest(record("a", sha256="0"))),
    "a size below zero": archive(manifest(record("a", size=-1))),
    "a path that leads up": one("../evil"),
    "a path that leads up later": one("a/../../evil"),
    "a path from the root": one("/tmp/evil"),
    "an empty name": one(""),
    "a doubled slash": one("a//b"),
    "the folder itself": one("."),
    "a null in a name": archive(manifest(record("a\0b", b"x")), member("a", b"x")),
    "a name that cannot be": archive(manifest(record("\ud800", b"x")), member("a", b"x")),
    "a name that is too long": one("a/" * 3000 + "b"),
    "a longer name than there is room": long_name(),
    "a symbolic link": archive(manifest(record("a")), member("a", **LINK)),
    "a hard link": archive(manifest(record("a")), member("a", type=tarfile.LNKTYPE, linkname="b")),
    "a device": archive(manifest(record("a")), member("a", type=tarfile.CHRTYPE)),
    "a pipe": archive(manifest(record("a")), member("a", type=tarfile.FIFOTYPE)),
    "a folder": archive(manifest(record("a")), member("a", type=tarfile.DIRTYPE)),
    "a sparse file": archive(manifest(record("a")), member("a", type=tarfile.GNUTYPE_SPARSE)),
    "a file that is told nowhere": archive(manifest(), member("a", b"x")),
    "a file twice": archive(manifest(record("a", b"x")), *[member("a", b"x")] * 2),
    "a record twice": archive(manifest(*[record("a", b"x")] * 2), member("a", b"x")),
    "a file that is missing": archive(manifest(record("a", b"x"))),
    "a file inside of a file": archive(
        manifest(record("a", b"x"), record("a/b", b"x")), member("a", b"x"), member("a/b", b"x")
    ),
    "more than was told": archive(manifest(record("a", b"x")), member("a", b"x" * 5_000_000)),
    "less than was told": archive(manifest(record("a", b"xyz")), member("a", b"x")),
    "other bytes": archive(manifest(record("a", b"x")), member("a", b"y")),
    "settings that are not told": one("argent.toml"),
    "a second manifest": one("manifest.json"),
    "a large manifest": bomb(),
}


@pytest.fixture
def backup(tmp_path: Path) -> Callable[[bytes], Path]:
    def write(data: bytes) -> Path:
        path = tmp_path / "backup.tar.gz"
        path.write_bytes(data)
        return path

    return write


def test_the_example_is_a_good_backup(tmp_path: Path, backup: Callable[[bytes], Path]) -> None:
    assert verified(backup(GOOD)).broken == ()
    restore(backup(GOOD), tmp_path / "new", step=nothing)
    assert contents(tmp_path / "new") == {"notes": b"x"}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_backup_is_refused_and_nothing_is_written(
    tmp_path: Path, backup: Callable[[bytes], Path], name: str
) -> None:
    path = backup(HOSTILE[name])
    assert verified(path).broken
    with pytest.raises(BadBackup):
        restore(path, tmp_path / "new", step=nothing)
    assert [each.name for each in tmp_path.iterdir()] == ["backup.tar.gz"]


def test_a_damaged_database_and_history_are_found_and_restored_as_they_were(
    tmp_path: Path, backup: Callable[[bytes], Path]
) -> None:
    place = "agents/main/sessions/telegram_1_main/history.json"
    files = {"gateway.db": b"no database" * 100, place: b"no history"}
    path = backup(
        archive(
            manifest(*(record(name, data) for name, data in files.items())),
            *(member(name, data) for name, data in files.items()),
        )
    )
    found = verified(path)
    assert found.broken == ()
    assert {problem.file for problem in found.damaged} >= {"gateway.db", place}
    restore(path, tmp_path / "new", step=nothing)
    assert contents(tmp_path / "new") == files


@pytest.mark.parametrize("put", ["file", "folder"])
def test_nothing_is_restored_over_anything(
    tmp_path: Path, backup: Callable[[bytes], Path], put: str
) -> None:
    into = tmp_path / "new"
    if put == "file":
        into.write_text("mine")
    else:
        into.mkdir()
        (into / "mine").write_text("mine")
    with pytest.raises(BadPlace):
        restore(backup(GOOD), into, step=nothing)
    assert "mine" in (into.read_text() if put == "file" else (into / "mine").read_text())


def test_an_empty_folder_is_restored_into_and_stays_empty_when_that_fails(
    tmp_path: Path, backup: Callable[[bytes], Path]
) -> None:
    into = tmp_path / "new"
    into.mkdir(0o755)
    (into / "lost+found").mkdir()
    steps = 0

    def full() -> None:
        nonlocal steps
        steps += 1
        if steps == 2:
            raise OSError(28, "No space left on device")

    with pytest.raises(StoreError):
        restore(backup(GOOD), into, step=full)
    assert [path.name for path in into.iterdir()] == ["lost+found"]
    restore(backup(GOOD), into, step=nothing)
    assert (into / "notes").read_bytes() == b"x"
    assert into.stat().st_mode & 0o777 == 0o700


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        verified(tmp_path / "nowhere")
    with pytest.raises(NotFound):
        restore(tmp_path / "nowhere", tmp_path / "new", step=nothing)
    with pytest.raises(NotFound), open_backup(tmp_path / "nowhere"):
        pass


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A backup of a conversation."""
    root = tmp_path_factory.mktemp("whole")
    asyncio.run(said(root / "state"))
    back_up(root / "state", root / "backup.tar.gz")
    return (root / "backup.tar.gz").read_bytes()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
def test_no_changed_byte_passes_for_what_was_backed_up(
    tmp_path: Path, whole: bytes, at: float, flip: int
) -> None:
    damaged = bytearray(whole)
    damaged[int(at * len(whole))] ^= flip
    path = tmp_path / "damaged.tar.gz"
    path.write_bytes(damaged)
    found = verified(path)
    if not found.broken:
        # Of the archive's own headers some bytes mean nothing; every file is as it was.
        assert found.damaged == ()
        with open_backup(path) as opened:
            records = opened.manifest.files
        path.write_bytes(whole)
        with open_backup(path) as opened:
            assert records == opened.manifest.files
