"""A file that an owner named, and who else may change it."""

import os

import pytest

from gateway import plain_file
from gateway.plain_file import PlainFile

ME, MINE = os.geteuid(), os.getegid()
SOMEBODY, OTHERS = ME + 4711, MINE + 4711


@pytest.mark.parametrize(
    ("mode", "user", "group", "others"),
    [
        (0o600, ME, MINE, False),
        (0o644, 0, OTHERS, False),
        # On many systems everybody has a group of their own, and files are made for it.
        (0o664, ME, MINE, False),
        (0o664, ME, OTHERS, True),
        (0o660, 0, OTHERS, True),
        (0o400, SOMEBODY, MINE, True),
    ],
)
def test_who_else_may_change_a_file(mode, user, group, others):
    assert PlainFile(b"", 0o100000 | mode, user, group).is_written_by_some is others


def test_no_more_is_read_than_was_asked_for(tmp_path):
    (tmp_path / "long").write_bytes(b"x" * 100)
    assert len(plain_file.read(tmp_path / "long", most=10).content) == 11


@pytest.mark.parametrize("path", ["/dev/zero", "/", "/proc/self/fd"])
def test_what_is_no_file_is_refused(path, tmp_path):
    with pytest.raises(OSError, match="is no file"):
        plain_file.read(type(tmp_path)(path), most=10)
