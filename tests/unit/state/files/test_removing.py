"""A folder is gone with all that is in it, whatever a command has made of it."""

import os
from pathlib import Path

import pytest

from state.files.removing import remove_tree

DEEP = 2_000


def test_a_folder_that_is_deeper_than_any_path_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / "workspace"
    folder.mkdir()
    here = os.open(folder, os.O_RDONLY)
    for _ in range(DEEP):
        os.mkdir("deeper", dir_fd=here)
        inner = os.open("deeper", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    remove_tree(folder)
    assert not folder.exists()


def test_links_are_removed_and_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept.txt").write_text("kept")
    folder = tmp_path / "workspace"
    folder.mkdir()
    (folder / "out").symlink_to(outside)
    (folder / "inner").mkdir()
    (folder / "inner" / "out").symlink_to(outside)
    remove_tree(folder)
    assert not folder.exists()
    assert (outside / "kept.txt").read_text() == "kept"


def test_what_is_moved_up_meets_nothing_that_lies_there(tmp_path: Path) -> None:
    folder = tmp_path / "workspace"
    for name in (".removed-0", ".removed-1", "a/.removed-0/b", "a/b/c/d", "e/b/c"):
        (folder / name).mkdir(parents=True)
    (folder / ".removed-2").write_text("a file")
    remove_tree(folder)
    assert not folder.exists()


def test_a_folder_that_is_locked_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / "workspace"
    (folder / "locked" / "inner").mkdir(parents=True)
    (folder / "locked" / "inner").chmod(0)
    (folder / "locked").chmod(0)
    remove_tree(folder)
    assert not folder.exists()


def test_a_folder_that_is_not_there_is_an_error_unless_that_does_not_matter(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        remove_tree(tmp_path / "none")
    remove_tree(tmp_path / "none", ignore_errors=True)


def test_a_link_to_a_folder_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there")
    with pytest.raises(NotADirectoryError):
        remove_tree(tmp_path / "link")
    assert (tmp_path / "there").exists()
