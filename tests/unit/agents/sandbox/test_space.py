import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.sandbox.keeper.plan import Watch
from agents.sandbox.keeper.space import Allowance, used

WATCH = Watch(memory=0, disk=100_000, files=10, free=0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


@pytest.fixture
def root(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    yield descriptor
    os.close(descriptor)


def test_everything_in_a_folder_is_counted(folder: Path, root: int) -> None:
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "b" / "file").write_bytes(bytes(50_000))
    size, count = used(root, 100)
    assert count == 3
    assert 50_000 <= size < 100_000


def test_links_are_counted_and_not_followed(folder: Path, root: int) -> None:
    (folder / "round").symlink_to(folder)
    (folder / "out").symlink_to("/usr")
    assert used(root, 100)[1] == 2


def test_counting_ends_where_it_is_enough(folder: Path, root: int) -> None:
    for number in range(50):
        (folder / str(number)).touch()
    assert used(root, 10)[1] == 11


def test_folders_that_are_too_deep_in_each_other_count_as_too_many(root: int) -> None:
    place = os.dup(root)
    for _ in range(250):
        os.mkdir("d", dir_fd=place)
        inner = os.open("d", os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = inner
    os.close(place)
    before = sorted(Path("/proc/self/fd").iterdir())
    assert used(root, 1_000)[1] == 1_001
    assert sorted(Path("/proc/self/fd").iterdir()) == before


def test_a_workspace_may_hold_so_much_and_no_more(folder: Path, root: int) -> None:
    allowance = Allowance(root, WATCH)
    assert not allowance.exceeded()
    (folder / "file").write_bytes(bytes(200_000))
    assert allowance.exceeded()


def test_a_workspace_may_hold_so_many_files_and_no_more(folder: Path, root: int) -> None:
    allowance = Allowance(root, WATCH)
    for number in range(11):
        (folder / str(number)).touch()
    assert allowance.exceeded()


def test_one_that_is_full_already_may_be_used_but_not_grow(folder: Path, root: int) -> None:
    (folder / "old").write_bytes(bytes(300_000))
    allowance = Allowance(root, WATCH)
    assert not allowance.exceeded()
    (folder / "new").write_bytes(bytes(50_000))
    assert allowance.exceeded()
    (folder / "old").unlink()
    assert not allowance.exceeded()
