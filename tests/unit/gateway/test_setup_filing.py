"""The settings file is replaced whole or not at all, and is private from its first byte."""

import contextlib
import errno
import os
import stat

import pytest

from gateway.setup import filing

OLD, NEW = b"# old\n", "# new\n"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "state" / "argent.toml"
    path.parent.mkdir()
    path.write_bytes(OLD)
    return path


@pytest.fixture(autouse=True)
def _nothing_masked():
    mask = os.umask(0)
    yield
    os.umask(mask)


def names(file):
    return sorted(each.name for each in file.parent.iterdir())


def test_a_new_file_and_its_folders_are_private(tmp_path):
    path = tmp_path / "a" / "b" / "argent.toml"
    assert filing.write(filing.find(path), NEW, lambda _: None) is None
    assert path.read_text() == NEW
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {stat.S_IMODE(each.stat().st_mode) for each in (path.parent, path.parents[1])} == {0o700}


def test_it_is_checked_while_it_is_private_and_the_old_one_in_place(file):
    def check(draft):
        assert draft.read_text() == NEW
        assert draft.suffix == ".toml"
        assert stat.S_IMODE(draft.stat().st_mode) == 0o600
        assert file.read_bytes() == OLD

    kept = filing.write(filing.find(file), NEW, check)
    assert kept.read_bytes() == OLD
    assert file.read_text() == NEW
    assert names(file) == ["argent.toml", kept.name]


def test_what_the_loader_does_not_take_changes_nothing(file):
    def check(_):
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        filing.write(filing.find(file), NEW, check)
    assert file.read_bytes() == OLD
    assert names(file) == ["argent.toml"]


def test_a_file_that_was_changed_meanwhile_is_not_overwritten(file):
    with pytest.raises(filing.NotWritten, match="changed meanwhile"):
        filing.write(filing.find(file), NEW, lambda _: file.write_text("# an editor's"))
    assert file.read_text() == "# an editor's"


def test_a_link_stays_a_link(file, tmp_path):
    link = tmp_path / "argent.toml"
    link.symlink_to(file)
    filing.write(filing.find(link), NEW, lambda _: None)
    assert link.is_symlink()
    assert file.read_text() == NEW


def test_what_an_interrupted_one_left_does_not_hinder_the_next(file):
    left = file.with_name(".argent.setup.toml")
    left.symlink_to(file)
    filing.write(filing.find(file), NEW, lambda _: None)
    assert file.read_text() == NEW
    assert not left.is_symlink()


@pytest.mark.parametrize("ending", [".setup.toml", ".bak"])
def test_a_link_that_the_folders_owner_puts_in_the_files_place_leads_nowhere(
    file, tmp_path, monkeypatch, ending
):
    """As root, it would give away and overwrite any file of the machine."""
    victim = tmp_path / "shadow"
    victim.write_bytes(b"root's")
    if os.getuid() == 0:
        os.chown(file, 65534, 65534)
    before, real = victim.stat(), os.open

    def quick(path, flags, *arguments, **options):
        fd = real(path, flags, *arguments, **options)
        if flags & os.O_EXCL and str(path).endswith(ending):
            made = file.parent / path
            made.unlink()
            made.symlink_to(victim)
        return fd

    found = filing.find(file)
    monkeypatch.setattr(os, "open", quick)
    filing.write(found, NEW, lambda _: None)
    monkeypatch.undo()
    assert victim.read_bytes() == b"root's"
    assert (victim.stat().st_uid, victim.stat().st_mtime_ns) == (before.st_uid, before.st_mtime_ns)


def test_a_pipe_where_the_file_should_be_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "argent.toml")
    with pytest.raises(filing.NotWritten, match="is no file"):
        filing.find(tmp_path / "argent.toml")


@pytest.mark.parametrize("call", ["fsync", "open"])
@pytest.mark.parametrize("number", range(6))
def test_wherever_the_disk_fails_the_old_file_or_the_new_one_is_there(
    file, monkeypatch, call, number
):
    real, calls = getattr(os, call), []

    def failing(*arguments, **options):
        calls.append(arguments)
        if len(calls) == number + 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*arguments, **options)

    found = filing.find(file)
    monkeypatch.setattr(os, call, failing)
    with contextlib.suppress(filing.NotWritten):
        filing.write(found, NEW, lambda _: None)
    monkeypatch.undo()
    assert len(calls) <= 6  # or more of them must be tried
    assert file.read_bytes() in (OLD, NEW.encode())
    assert not file.with_name(".argent.setup.toml").exists()


def test_a_folder_where_the_file_should_be_is_named(tmp_path):
    (tmp_path / "argent.toml").mkdir()
    with pytest.raises(filing.NotWritten, match=r"argent\.toml"):
        filing.find(tmp_path / "argent.toml")
