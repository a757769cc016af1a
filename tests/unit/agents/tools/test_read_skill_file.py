"""A model reads the files of its skill, and no others."""

import os
from pathlib import Path

import pytest

from agents.tools.read_skill_file import LARGEST, read
from agents.tools.tool import ToolFailed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "skill"
    (folder / "references").mkdir(parents=True)
    (folder / "references" / "forms.md").write_text("fill them")
    (folder / "linked.md").symlink_to(folder / "references" / "forms.md")
    (folder / "out.md").symlink_to(tmp_path / "secret.txt")
    (folder / "away").symlink_to(tmp_path)
    (folder / "circle").symlink_to(folder / "circle")
    (folder / "picture.png").write_bytes(b"\x89PNG\x00\x00")
    (folder / "zero.txt").write_bytes(b"a\x00b")
    (folder / "big.txt").write_bytes(b"x" * (LARGEST + 1))
    os.mkfifo(folder / "pipe")
    return folder


@pytest.mark.parametrize(
    "path", ["references/forms.md", "./references/../references/forms.md", "linked.md"]
)
def test_a_file_in_the_folder_is_read(folder: Path, path: str):
    assert read(folder, path) == "fill them"


def test_a_linked_skill_is_read_like_any_other(folder: Path, tmp_path: Path):
    (tmp_path / "alias").symlink_to(folder)
    assert read(tmp_path / "alias", "references/forms.md") == "fill them"


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt", "out.md", "away/secret.txt", "/etc/passwd", "no-such.md", ".",
        "references", "circle", "pipe", "a\0b", "references/forms.md/x", "~/x", "x" * 400,
    ],
)  # fmt: skip
def test_nothing_outside_and_nothing_that_is_no_file_is_read(folder: Path, path: str):
    with pytest.raises(ToolFailed, match=r"has no file .* Its files are: references/forms.md"):
        read(folder, path, ["references/forms.md"])


@pytest.mark.parametrize("path", ["picture.png", "zero.txt"])
def test_what_is_no_text_is_not_shown(folder: Path, path: str):
    with pytest.raises(ToolFailed, match="is not a text file"):
        read(folder, path)


def test_what_is_too_large_is_not_shown(folder: Path):
    with pytest.raises(ToolFailed, match=f"files of up to {LARGEST} bytes"):
        read(folder, "big.txt")
