"""What an upgrade keeps before it changes anything, and the way back."""

import errno
import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from state.files import ReadOnlyState, open_state
from state.files.backup.restore import restore
from state.files.backup.verify import verify
from state.files.layout import Layout
from state.files.ledger.schema import VERSION
from state.files.upgrading import KEPT
from state.store import NewerFormat, StorageFull
from tests.unit.state.files.conversation import folder, said
from tests.unit.state.files.test_older_versions import put_version_1

NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)


def version_of(root: Path) -> int:
    with closing(sqlite3.connect(Layout(root).database)) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


async def opened(root: Path, at: datetime = NOON) -> Path | None:
    state = await open_state(root, clock=lambda: at, argent="9.9.9")
    await state.close()
    return state.kept


async def test_an_upgrade_keeps_what_was_there_in_a_backup_that_restores(tmp_path: Path) -> None:
    old, back = tmp_path / "old", tmp_path / "back"
    await said(old)
    for part in old.glob("gateway.db*"):
        part.unlink()
    put_version_1(old)
    session = folder(old)
    (session / "media").mkdir()
    (session / "media" / "cat.png").write_bytes(b"cat")
    before = (session / "history.json").read_bytes()
    kept = await opened(old)
    assert kept is not None
    assert version_of(old) == VERSION
    assert (kept.stat().st_mode & 0o777, kept.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    verified = verify(kept, step=lambda: None)
    assert verified.manifest is not None
    assert verified.manifest.argent == "9.9.9"
    restore(kept, back, step=lambda: None)
    assert version_of(back) == 1
    restored = back / session.relative_to(old)
    assert (restored / "history.json").read_bytes() == before
    assert not (restored / "media").exists()


async def test_a_folder_of_this_version_is_not_backed_up(tmp_path: Path) -> None:
    assert await opened(tmp_path) is None
    assert await opened(tmp_path) is None
    assert not Layout(tmp_path).backups.exists()


async def test_a_downgrade_is_refused_and_names_the_way_back(tmp_path: Path) -> None:
    await opened(tmp_path)
    backups = Layout(tmp_path).backups
    backups.mkdir()
    mine = backups / f"before-upgrade-{VERSION}-to-{VERSION + 1}-20260201T120000000000Z.tar.gz"
    mine.touch()
    with closing(sqlite3.connect(Layout(tmp_path).database)) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    before = Layout(tmp_path).database.read_bytes()
    with pytest.raises(NewerFormat, match=r"nothing was touched.*backup restore") as refused:
        await open_state(tmp_path)
    assert str(mine) in str(refused.value)
    assert Layout(tmp_path).database.read_bytes() == before


async def test_a_disk_too_full_for_the_backup_leaves_the_folder_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_version_1(tmp_path)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFull, match="the upgrade was not begun"):
        await open_state(tmp_path)
    monkeypatch.undo()
    assert version_of(tmp_path) == 1
    assert list(Layout(tmp_path).backups.iterdir()) == []
    assert await opened(tmp_path) is not None


async def test_what_a_killed_upgrade_had_of_its_backup_does_not_stay(tmp_path: Path) -> None:
    begun = Layout(tmp_path).backups / ".argent-backup-0123-half"
    begun.mkdir(parents=True)
    (begun / "members").write_bytes(b"words of somebody")
    put_version_1(tmp_path)
    kept = await opened(tmp_path)
    assert [each.name for each in Layout(tmp_path).backups.iterdir()] == [kept and kept.name]


async def test_of_such_backups_the_latest_are_kept(tmp_path: Path) -> None:
    kept = []
    for hour in range(KEPT + 2):
        Layout(tmp_path).database.unlink(missing_ok=True)
        put_version_1(tmp_path)
        kept.append(await opened(tmp_path, NOON + timedelta(hours=hour)))
    assert sorted(Layout(tmp_path).backups.iterdir()) == sorted(filter(None, kept[-KEPT:]))


async def test_a_damaged_database_is_set_aside_and_not_backed_up(tmp_path: Path) -> None:
    path = put_version_1(tmp_path)
    path.write_bytes(path.read_bytes()[:3000])
    state = await open_state(tmp_path)
    await state.close()
    assert state.kept is None
    assert "damaged" in state.reports[0]
    assert ReadOnlyState(tmp_path).counts().sessions == 0
