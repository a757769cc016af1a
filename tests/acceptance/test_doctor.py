"""The doctor names each of many planted faults with its fix, and nothing where nothing is wrong."""

import asyncio
import hashlib
import os
import resource
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from gateway.doctor.catalogue import CATALOGUE
from gateway.doctor.mending import WAYS
from tests.acceptance.gateway_process import world_of_three
from tests.acceptance.patient import HEALTHY, Patient, patient
from tests.acceptance.planted import ASKED, LOCAL, SAID, Planted, history, spoil
from tests.emulators.discord import DiscordEmulator
from tests.emulators.telegram import conflict, drop_connection

FAULTS = {fault.code: fault for faults in CATALOGUE.values() for fault in faults}


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with one conversation, and a backup of late."""
    from tests.acceptance.test_cli import Argent

    argent = Argent(tmp_path_factory.mktemp("healthy") / "state")
    argent.ok("ask", "Hello there")
    argent.ok("backup", "create", "--to", str(argent.state.parent / "backup.tar.gz"))
    return argent.state


@pytest.fixture
async def ill(
    tmp_path: Path,
    healthy: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> AsyncIterator[Patient]:
    async with patient(tmp_path, healthy, monkeypatch, capsys) as made:
        yield made


async def check(ill: Patient, planted: Planted, *arguments: str) -> None:
    """The fault is found, alone, with a fix that can be followed; and mended, if that is safe."""
    found = await ill.examined(*arguments)
    finding = found.finding(planted.code)
    assert all(finding[part] for part in ("where", "what", "cause", "fix"))
    assert finding["mends"] is (planted.code in WAYS)
    if planted.fixed:
        mended = await ill.examined("--fix", "--yes", *arguments)
        (done,) = mended.data["fixed"]
        assert (done["code"], done["error"]) == (planted.code, None)
        left = mended.found - {"damaged-set-aside"}
        assert not left, mended.data


@pytest.mark.parametrize("planted", LOCAL, ids=str)
async def test_what_is_wrong_on_the_machine_is_named_with_its_fix(
    ill: Patient, planted: Planted
) -> None:
    planted.plant(ill)
    await check(ill, planted, "--offline")


@pytest.mark.parametrize("planted", ASKED, ids=str)
async def test_what_is_wrong_elsewhere_is_named_with_its_fix(
    ill: Patient, planted: Planted
) -> None:
    planted.plant(ill)
    await check(ill, planted)


@pytest.mark.parametrize("code", SAID)
async def test_what_the_running_gateway_says_is_named_with_its_fix(ill: Patient, code: str) -> None:
    with ill.gateway(gateway=HEALTHY["gateway"] | SAID[code]):
        await check(ill, Planted(code, str), "--offline")


async def test_an_account_that_is_down_is_named_with_what_its_channel_says(ill: Patient) -> None:
    told = [{"account": "telegram", "condition": "failed", "detail": "the token is refused"}]
    with ill.gateway(channels=told):
        await check(ill, Planted("channel-down", str), "--offline")


async def test_an_event_loop_that_was_late_is_named(ill: Patient) -> None:
    with ill.gateway(measured={"loop": {"lag": 0.0, "worst": 12.5, "stalls": 1}}):
        await check(ill, Planted("loop-late", str), "--offline")


async def test_answers_that_pile_up_are_named(ill: Patient) -> None:
    with ill.gateway(counts={"owed": 1000}):
        await check(ill, Planted("backlog", str), "--offline")


async def test_a_gateway_that_hangs_is_named_with_its_process(ill: Patient) -> None:
    with ill.gateway(answers=False):
        found = await ill.examined("--offline")
    assert found.found == {"gateway-hung"}
    assert f"kill -9 {os.getpid()}" in found.finding("gateway-hung")["fix"]


async def test_too_few_descriptors_are_named(ill: Patient) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with ExitStack() as undone:
        resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
        undone.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        await check(ill, Planted("descriptors-few", str), "--offline")


async def test_no_answer_from_a_platform_is_no_fault_of_the_token(ill: Patient) -> None:
    ill.around.telegram.faults.always("getme", drop_connection())
    assert (await ill.examined()).found == {"platform-unreachable"}


# What must not happen ------------------------------------------------------------------------


async def test_nothing_is_found_where_nothing_is_wrong(ill: Patient) -> None:
    found = await ill.examined("--all")
    assert (found.found, found.code) == (set(), 0)
    assert [f["code"] for f in found.data["findings"]] == ["gateway-not-running"]
    with ill.gateway():
        found = await ill.examined()
    assert (found.data["findings"], found.code) == ([], 0)


def tree(folder: Path) -> dict[str, tuple[int, float, str]]:
    """Every file and folder with its mode, its time and its content."""
    return {
        str(path): (
            path.stat().st_mode,
            path.stat().st_mtime,
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
        )
        for path in sorted((folder, *folder.rglob("*")))
    }


@pytest.mark.parametrize(
    "plant",
    [str, lambda p: spoil(p.state / "gateway.db"), lambda p: history(p).write_bytes(b"[")],
    ids=["healthy", "no ledger", "no history"],
)
async def test_looking_changes_nothing(ill: Patient, plant: Callable[[Patient], object]) -> None:
    plant(ill)
    before = tree(ill.home)
    await ill.examined()
    await ill.examined("--offline", "--all")
    assert tree(ill.home) == before


async def test_looking_after_a_crash_reads_the_ledgers_log_and_changes_nothing(
    ill: Patient,
) -> None:
    with closing(sqlite3.connect(ill.state / "gateway.db")) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("UPDATE inbox SET outcome = NULL")
        db.commit()
        crashed = ill.home / "crashed"
        shutil.copytree(ill.state, crashed)
    shutil.rmtree(ill.state)
    crashed.rename(ill.state)
    assert (ill.state / "gateway.db-wal").stat().st_size
    before = tree(ill.home)
    assert (await ill.examined("--offline")).found == {"messages-waiting"}
    assert tree(ill.home) == before


async def test_nothing_is_mended_that_was_not_asked_for(ill: Patient) -> None:
    history(ill).chmod(0o644)
    before = tree(ill.home)
    with pytest.raises(AssertionError, match="--yes"):
        await ill.examined("--offline", "--fix")
    assert tree(ill.home) == before


async def test_a_damaged_ledger_of_a_running_gateway_is_left_to_it(ill: Patient) -> None:
    spoil(ill.state / "gateway.db")
    with ill.gateway():
        mended = await ill.examined("--offline", "--fix", "--yes")
    errors = {each["code"]: each["error"] for each in mended.data["fixed"]}
    assert "argent gateway stop" in errors["ledger-damaged"]


async def test_no_token_is_shown(ill: Patient) -> None:
    secrets = [ill.around.telegram.token, ill.around.discord.token, ill.around.slack.token]
    ill.around.telegram.faults.always("*", conflict())
    ill.around.discord.bot.intents = 0
    ill.around.slack.scopes.clear()
    ill.configure(models__openai={"base_url": "http://127.0.0.1:9", "api_key": "sk-very-secret"})
    told = str((await ill.examined()).data)
    assert not [secret for secret in [*secrets, "sk-very-secret"] if secret in told]


@pytest.mark.acceptance
async def test_a_running_gateway_on_three_platforms_is_found_healthy_and_left_in_peace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with world_of_three(tmp_path, settings=["sandbox.backend=off"]) as world:
        world.model.models = ["test"]
        _invited(world.discord)
        await world.gateway.start()
        here = Patient(
            tmp_path,
            None,  # type: ignore[arg-type]
            monkeypatch,
            capsys,
        )
        monkeypatch.setenv("PATH", "")
        (tmp_path / "argent.toml").symlink_to(world.gateway.state / "argent.toml")
        async with asyncio.timeout(20):
            await _all_healthy(here)
        polls = world.telegram.calls["getupdates"]
        found = await here.examined("--all")
        # A gateway that has just begun may have no backup yet.
        wrong = [f for f in found.data["findings"] if f["code"] != "backup-none"]
        assert (wrong, found.code) == ([], 0)
        assert world.telegram.calls["getupdates"] <= polls + 1
        assert await world.gateway.terminate() == 0


async def _all_healthy(here: Patient) -> None:
    while True:
        _, data = await here.argent("channels", "status")
        if all(each["condition"] == "healthy" for each in data["channels"]):
            return


def _invited(discord: DiscordEmulator) -> None:
    discord.guild("Home")


# What is found at all ------------------------------------------------------------------------


def planted() -> Iterator[str]:
    yield from (each.code for each in (*LOCAL, *ASKED))
    yield from (*SAID, "channel-down", "backlog", "loop-late", "gateway-hung", "descriptors-few")


def test_more_than_twenty_five_faults_are_planted() -> None:
    assert len(set(planted())) >= 25
    assert set(planted()) <= FAULTS.keys()


def test_codes_are_unique_and_what_can_be_mended_is() -> None:
    assert len(FAULTS) == sum(map(len, CATALOGUE.values()))
    assert {code for code, fault in FAULTS.items() if fault.mends} == WAYS.keys()
