"""Power cuts: what a disk may have forgotten, and gateways that start on what it kept."""

import logging
import random
from pathlib import Path, PurePosixPath

import pytest

from tests.faults.campaign.fault import Result
from tests.faults.campaign.power import PowerCut
from tests.faults.campaign.scene import scene
from tests.faults.forge.client import available, forge
from tests.faults.forge.harm import Harm
from tests.faults.forge.recorder import log_of
from tests.faults.power.cuts import Cut, Image, image, leave
from tests.faults.power.deed import Deed, deeds
from tests.faults.power.platter import Platter, recorded

AT = PurePosixPath


@pytest.fixture(autouse=True)
def _quiet_emulators(caplog: pytest.LogCaptureFixture) -> None:
    """That a client goes away in the middle of a call is what these tests are about."""
    caplog.set_level(logging.CRITICAL, "aiohttp.server")


def platter(tmp_path: Path, *done: Deed) -> Platter:
    """A disk with one durable file, ``old``, and what was done since."""
    (tmp_path / "old").write_bytes(b"a" * 1024)
    made = Platter.of(tmp_path)
    for deed in done:
        made.do(deed)
    return made


def cut(disk: Platter, kind: Cut, seed: int = 0) -> Image:
    return image(disk, kind, random.Random(seed))


def test_what_was_synced_survives_every_cut(tmp_path: Path) -> None:
    new = str(tmp_path / "new")
    done = [Deed("open", new), Deed("write", new, 0, b"b"), Deed("sync", new)]
    disk = platter(tmp_path, *done, Deed("sync", str(tmp_path)))
    for kind in Cut:
        assert cut(disk, kind) == {AT("old"): b"a" * 1024, AT("new"): b"b"}


def test_the_name_of_a_synced_file_can_be_lost_until_its_folder_is_synced(tmp_path: Path) -> None:
    new = str(tmp_path / "new")
    disk = platter(tmp_path, Deed("open", new), Deed("write", new, 0, b"b"), Deed("sync", new))
    assert AT("new") not in cut(disk, Cut.NOTHING)
    assert {AT("new") in cut(disk, Cut.ANYTHING, seed) for seed in range(20)} == {True, False}
    assert cut(disk, Cut.NAMES)[AT("new")] == b"b"


def test_a_file_that_replaced_another_can_be_empty_where_it_was_not_synced(tmp_path: Path) -> None:
    new, old = str(tmp_path / "new"), str(tmp_path / "old")
    done = [Deed("open", new), Deed("write", new, 0, b"b"), Deed("rename", new, to=old)]
    disk = platter(tmp_path, *done)
    assert cut(disk, Cut.NOTHING) == {AT("old"): b"a" * 1024}
    assert cut(disk, Cut.NAMES) == {AT("old"): b"\0"}
    assert disk.live() == {AT("old"): b"b"}


def test_any_sectors_of_a_write_may_be_there_and_each_is_as_it_was_once(tmp_path: Path) -> None:
    old = str(tmp_path / "old")
    disk = platter(tmp_path, Deed("write", old, 0, b"b" * 1536), Deed("write", old, 0, b"c" * 512))
    seen = {cut(disk, Cut.ANYTHING, seed)[AT("old")] or b"" for seed in range(200)}
    sectors = [{whole[start : start + 512] for whole in seen} for start in (0, 512, 1024)]
    assert sectors[0] == {b"a" * 512, b"b" * 512, b"c" * 512}
    assert sectors[1] == {b"a" * 512, b"b" * 512}
    assert sectors[2] == {b"", b"\0" * 512, b"b" * 512}


def test_a_folder_becomes_what_the_cut_left_and_keeps_what_is_not_the_gateways(
    tmp_path: Path,
) -> None:
    (tmp_path / "s" / "workspace").mkdir(parents=True)
    (tmp_path / "s" / "workspace" / "note").write_text("theirs")
    new = str(tmp_path / "new")
    disk = platter(tmp_path, Deed("open", new), Deed("write", new, 0, b"b"))
    Path(new).write_text("b")
    leave(cut(disk, Cut.NOTHING), disk, tmp_path)
    there = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()}
    assert there == {"old", "s/workspace/note"}


def test_a_deed_is_the_same_after_it_was_written_down() -> None:
    done = [Deed("write", "/a\nb", 7, b"\0\n\xff"), Deed("rename", "/a", to="/b")]
    assert list(deeds(b"".join(each.as_line() for each in done))) == done


if available():

    @pytest.mark.timeout(120)
    async def test_a_gateway_on_what_a_power_cut_left_has_lost_nothing(tmp_path: Path) -> None:
        result = await tried(PowerCut(), 2, tmp_path)
        assert result.tried, "hardly any of the calls was reached"
        kept(result)

    @pytest.mark.slow
    @pytest.mark.timeout(120)
    async def test_what_is_recorded_of_a_life_is_what_is_on_the_disk(tmp_path: Path) -> None:
        async with forge() as forked, scene(forked, tmp_path / "one", random.Random(1)) as here:
            state = here.gateway.state
            disk = Platter.of(state)
            await here.lives(Harm((), 1, record=str(state)))
            for deed in deeds(log_of(state).read_bytes()):
                disk.do(deed)
            files = [path for path in state.rglob("*") if path.is_file()]
            there = {AT(path.relative_to(state)): path.read_bytes() for path in files}
        assert disk.live() == {path: data for path, data in there.items() if recorded(path)}

    @pytest.mark.slow
    @pytest.mark.timeout(3600)
    async def test_a_thousand_power_cuts_lose_nothing(tmp_path: Path) -> None:
        result = await tried(PowerCut(), 1_000, tmp_path)
        assert result.tried > 500
        kept(result)

    @pytest.mark.slow
    @pytest.mark.timeout(900)
    @pytest.mark.parametrize("variant", ["syncs-nothing", "acknowledges-first"])
    async def test_a_gateway_that_trusts_its_disk_too_much_is_found_out(
        tmp_path: Path, variant: str
    ) -> None:
        result = await tried(PowerCut(variant=variant), 30, tmp_path)
        assert any(": lost: " in each for each in result.broken), result


async def tried(fault: PowerCut, trials: int, folder: Path) -> Result:
    number = random.randrange(10**6)
    print(f"SEED={number}")
    return await fault.run(number, trials, folder)


def kept(result: Result) -> None:
    """No promise was broken."""
    assert (result.broken, result.lost, result.wrongly, result.reordered) == ((), 0, 0, 0)
