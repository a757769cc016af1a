"""What the doctor makes of figures and texts that no test machine has by itself."""

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gateway.config import Settings
from gateway.config_load import Loaded
from gateway.doctor import backups, clock, disk, doctor, folder, mending, sessions, versions
from gateway.doctor.case import Case, look
from state.keys import SessionId
from tests.emulators.telegram import TelegramEmulator
from tests.flows.bot import telegram_account

MOUNTS = """\
22 27 0:21 / /proc rw,nosuid shared:12 - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw
30 27 0:40 / /srv/with\\040space rw - nfs4 nas:/srv rw
31 27 0:41 / /var/lib/argent rw - overlay overlay rw
32 31 0:42 / /var/lib/argent/volume rw - ext4 /dev/vdb rw
33 27 0:43 / /twice rw - tmpfs tmpfs rw
34 27 0:44 / /twice rw - xfs /dev/vdc rw
"""


@pytest.mark.parametrize(
    ("path", "kind", "codes"),
    [
        ("/home/argent", "ext4", []),
        ("/srv/with space/state", "nfs4", ["disk-network"]),
        ("/var/lib/argent/state", "overlay", ["disk-volatile"]),
        ("/var/lib/argent/volume/state", "ext4", []),
        ("/var/lib/argentum", "ext4", []),
        ("/twice", "xfs", []),
    ],
)
def test_the_file_system_under_a_folder_is_known(path: str, kind: str, codes: list[str]) -> None:
    found = disk.file_system(Path(path), MOUNTS)
    assert found == kind
    assert [finding.code for finding in disk.of_kind(path, found)] == codes


@pytest.mark.parametrize(
    ("free", "codes"),
    [(10_000_000, ["disk-full"]), (100_000_000, ["disk-nearly-full"]), (10**10, [])],
)
def test_little_room_is_said_in_time(free: int, codes: list[str]) -> None:
    assert [finding.code for finding in disk.of_room("/state", free)] == codes


@pytest.mark.parametrize(
    ("found", "condition", "fits"),
    [
        ("3.12.1", ">=3.12", True),
        ("3.9", ">=3.12", False),
        ("4.0", "<4", False),
        ("4", "<4.0.1", True),
        ("2.7.1", "<2.8", True),
        ("2.7rc1", ">=2.7", True),
        ("1.0.0", "==1", True),
        ("1.0", "!=1", False),
        ("1.0", "~=1.4", True),
    ],
)
def test_a_version_is_compared_number_by_number(found: str, condition: str, fits: bool) -> None:
    assert versions.fits(found, condition) is fits


def test_a_library_that_is_missing_is_named_and_those_of_extras_are_not() -> None:
    wanted = ["no-such-library<2,>=1", "mcp<3,>=99; extra == 'mcp'", "click<9,>=8.1"]
    (finding,) = versions.of_libraries(wanted)
    assert (finding.code, finding.where) == ("library-missing", "no-such-library")


@pytest.fixture
async def tg() -> AsyncIterator[TelegramEmulator]:
    async with TelegramEmulator() as emulator:
        yield emulator


def case_of(tg: TelegramEmulator, folder: Path, **more: Any) -> Case:
    settings = Settings.model_validate({"channels": {"telegram": telegram_account(tg)}})
    return Case(folder, {}, Loaded(settings), **more)


@pytest.mark.parametrize(("minutes", "way"), [(10, "fast"), (-10, "slow"), (0, None)])
async def test_the_clock_is_compared_with_those_of_the_platforms(
    tg: TelegramEmulator, tmp_path: Path, minutes: int, way: str | None
) -> None:
    off = timedelta(minutes=minutes)
    case = case_of(tg, tmp_path, clock=lambda: datetime.now(UTC) + off)
    async with aiohttp.ClientSession() as http:
        found = await clock.compare(case, http)
    assert [finding.code for finding in found] == (["clock-off"] if way else [])
    assert not way or way in found[0].what


@pytest.mark.parametrize("zone", ["Europe/Berlin", ":Europe/Berlin", "CET-1CEST,M3.5.0", "UTC", ""])
def test_a_time_zone_that_is_known_is_no_finding(tmp_path: Path, zone: str) -> None:
    assert not list(clock.examine(Case(tmp_path, {"TZ": zone})))


def test_a_backup_that_is_old_is_noted(tmp_path: Path) -> None:
    (tmp_path / "gateway.db").touch()
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups" / "last").touch()
    later = datetime.now(UTC) + timedelta(days=31)
    assert not list(backups.examine(Case(tmp_path, {})))
    (finding,) = backups.examine(Case(tmp_path, {}, clock=lambda: later))
    assert finding.code == "backup-old"


def test_of_many_sessions_those_are_read_that_were_written_last_and_some_others(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "agents" / "main" / "sessions"
    names = [SessionId(f"telegram_{number:04}_main") for number in range(1000)]
    for name in names:
        (folder / name).mkdir(parents=True)
    some = sessions.sample(Case(tmp_path, {}), names)
    assert sessions.SAMPLE // 2 <= len(some) <= sessions.SAMPLE
    assert names[0] in some
    newest = sorted(names, key=lambda name: -(folder / name).stat().st_mtime)[:50]
    assert set(newest) <= set(some)


async def test_a_subject_that_breaks_is_a_finding_and_the_others_are_looked_at(
    tmp_path: Path,
) -> None:
    # A folder where SQLite and everything else expects a file.
    (tmp_path / "gateway.db").mkdir()
    (tmp_path / "agents" / "main").mkdir(parents=True)
    (tmp_path / "agents" / "main" / "sessions").touch()
    report = await doctor.examine(look(tmp_path, None, {}, {}), offline=True)
    assert not report.healthy
    assert "backups" in report.checked
    assert any(f.where == "sessions" and f.code == "check-broke" for f in report.findings)


def test_nothing_is_mended_in_a_folder_of_somebody_else(tmp_path: Path) -> None:
    """To root, its owner could put a link to any file where something is to be mended."""
    if os.geteuid() == 0:
        theirs = tmp_path / "state"
        theirs.mkdir()
        (theirs / "gateway.db").touch(0o644)
        os.chown(theirs, 65534, 65534)
    else:
        theirs = Path("/etc")
    case = Case(theirs, {})
    before = [(path, about.st_mode) for path, about in folder.entries(theirs)]
    mended = mending.mend(case, folder.OPEN.at(str(theirs), count=1, example="."), lambda: 0)
    assert "run it as that user" in (mended.error or "")
    assert before == [(path, about.st_mode) for path, about in folder.entries(theirs)]
