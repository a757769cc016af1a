"""The doctor names each of many planted faults with its fix, and nothing where nothing is wrong."""

import asyncio
import hashlib
import os
import resource
import shutil
import socket
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.doctor.catalogue import CATALOGUE
from gateway.doctor.mending import WAYS
from tests.acceptance.gateway_process import world_of_three
from tests.acceptance.patient import HEALTHY, Patient, patient, put_program
from tests.emulators.discord import DiscordEmulator
from tests.emulators.slack import faults as slack_faults
from tests.emulators.telegram import conflict, drop_connection

FAULTS = {fault.code: fault for faults in CATALOGUE.values() for fault in faults}
ROOT = os.geteuid() == 0


@dataclass(frozen=True)
class Planted:
    """A fault, and how it comes to be; `fixed` where ``--fix`` mends it."""

    code: str
    plant: Callable[[Patient], object]
    fixed: bool = False

    def __str__(self) -> str:
        return self.code


def history(p: Patient) -> Path:
    (found,) = p.state.glob("agents/main/sessions/*/history.json")
    return found


def change_ledger(p: Patient, statement: str) -> None:
    with closing(sqlite3.connect(p.state / "gateway.db")) as db:
        db.execute(statement)
        db.commit()


def spoil(path: Path) -> None:
    """Overwrite what is behind a database's first page."""
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\x5a" * 20_000)


def leave_socket(p: Patient) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(p.state / "control.sock"))
    (p.state / "control.sock").chmod(0o600)


def make_stray(p: Patient) -> None:
    (p.state / "agents" / "main" / "sessions" / "notes.txt").touch(mode=0o600)


def unit(p: Patient, **properties: str) -> None:
    """A system's unit as systemd shows it."""
    known = {"LoadState": "loaded", "ActiveState": "active", "UnitFileState": "enabled"}
    shown = "\n".join(f"{k}={v}" for k, v in (known | properties).items())
    put_program(p, "systemctl", {"show argent.service": shown})


def users_unit(p: Patient) -> None:
    put_program(
        p,
        "systemctl",
        {"--user show": "LoadState=loaded\nUnitFileState=enabled", "show": "LoadState=not-found"},
    )
    put_program(p, "loginctl", {"show-user": "Linger=no"})


def another_library(p: Patient) -> None:
    info = p.home / "lib" / "aiolimiter-9.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: aiolimiter\nVersion: 9.0\n")
    p.monkeypatch.syspath_prepend(str(p.home / "lib"))


def many_in_private(p: Patient) -> None:
    bot = p.around.telegram.bot
    for number in range(100):
        bot.updates.push({"message": {"message_id": number}})


def no_model(p: Patient) -> None:
    p.configure(
        agents__defaults={"model": "auto"},
        models__openai={},
        models__ollama={"base_url": "http://127.0.0.1:9"},
    )


LOCAL = [
    Planted("settings-wrong", lambda p: p.configure(gateway={"max_turn": 3})),
    Planted("settings-doubtful", lambda p: p.monkeypatch.setenv("ARGENT_LOG__LEVLE", "debug")),
    Planted("settings-shared", lambda p: p.config.chmod(0o644), fixed=True),
    Planted("folder-missing", lambda p: shutil.rmtree(p.state)),
    Planted("folder-is-none", lambda p: (shutil.rmtree(p.state), p.state.touch())),
    Planted("folder-open", lambda p: history(p).chmod(0o644), fixed=True),
    Planted("damaged-set-aside", lambda p: shutil.copy(history(p), f"{history(p)}.damaged-1")),
    Planted("socket-stale", leave_socket, fixed=True),
    Planted("ledger-damaged", lambda p: spoil(p.state / "gateway.db"), fixed=True),
    Planted("ledger-newer", lambda p: change_ledger(p, "PRAGMA user_version = 99")),
    Planted("sessions-damaged", lambda p: history(p).write_bytes(b'[\n{"id":'), fixed=True),
    Planted("sessions-broken", make_stray),
    Planted("search-damaged", lambda p: spoil(p.state / "search.db"), fixed=True),
    Planted("messages-waiting", lambda p: change_ledger(p, "UPDATE inbox SET outcome = NULL")),
    Planted("service-failed", lambda p: unit(p, ActiveState="failed", Result="exit-code")),
    Planted("service-disabled", lambda p: unit(p, UnitFileState="disabled")),
    Planted("service-outdated", lambda p: unit(p, NeedDaemonReload="yes")),
    Planted("service-program-gone", lambda p: unit(p, ExecStart="{ path=/gone/argent ; x }")),
    Planted("service-ends-with-login", users_unit),
    Planted("library-out-of-range", another_library),
    Planted("temp-unusable", lambda p: p.monkeypatch.setenv("TMPDIR", str(p.home / "none"))),
    Planted("clock-went-back", lambda p: os.utime(p.state / "gateway.db", (4e9, 4e9))),
    Planted("time-zone-unknown", lambda p: p.monkeypatch.setenv("TZ", "Mars/Phobos")),
    Planted(
        "sandbox-none", lambda p: p.configure(sandbox={"backend": "docker", "image": "debian"})
    ),
    Planted(
        "sandbox-required", lambda p: p.configure(sandbox={"backend": "podman", "required": True})
    ),
]
if ROOT:
    LOCAL.append(Planted("folder-foreign-files", lambda p: os.chown(history(p), 12345, -1)))

ASKED = [
    Planted("platform-unreachable", lambda p: p.account("telegram", api_root="http://127.0.0.1:9")),
    Planted("telegram-token-refused", lambda p: p.account("telegram", token="1:revoked")),
    Planted(
        "telegram-webhook-left",
        lambda p: (
            p.around.telegram.webhooks.pause(),
            p.around.telegram.webhooks.set(p.around.telegram.bot, "https://old.example/x", "", 40),
        ),
        fixed=True,
    ),
    Planted(
        "telegram-privacy-mode",
        lambda p: (
            setattr(p.around.telegram.bot, "privacy", True),
            p.account("telegram", respond="always"),
        ),
    ),
    Planted(
        "telegram-another-reader",
        lambda p: p.around.telegram.faults.next("getupdates", conflict()),
    ),
    Planted("telegram-messages-waiting", many_in_private),
    Planted("discord-token-refused", lambda p: p.account("discord", token="no.such.token")),
    Planted("discord-message-content-off", lambda p: setattr(p.around.discord.bot, "intents", 0)),
    Planted("discord-no-server", lambda p: p.around.discord.bot.guilds.clear()),
    Planted(
        "discord-permissions-missing",
        lambda p: setattr(p.around.discord.bot.guilds[0], "permissions", 1 << 10),
    ),
    Planted("slack-token-refused", lambda p: p.around.slack.revoked.add(p.around.slack.token)),
    Planted("slack-scope-needed", lambda p: p.around.slack.scopes.discard("chat:write")),
    Planted("slack-scopes-missing", lambda p: p.around.slack.scopes.discard("files:read")),
    Planted(
        "slack-app-token-refused", lambda p: p.around.slack.revoked.add(p.around.slack.app_token)
    ),
    Planted(
        "slack-app-scope-missing",
        lambda p: p.around.slack.faults.next(
            "apps.connections.open", slack_faults.refused("missing_scope")
        ),
    ),
    Planted("model-key-refused", lambda p: setattr(p.around.model, "key", "another")),
    Planted("model-unknown", lambda p: setattr(p.around.model, "models", ["other-model"])),
    Planted(
        "model-unreachable",
        lambda p: p.configure(models__openai={"base_url": "http://127.0.0.1:9/v1"}),
    ),
    Planted(
        "model-ollama-down",
        lambda p: p.configure(
            agents__defaults={"model": "ollama:llama3"},
            models__ollama={"base_url": "http://127.0.0.1:9"},
        ),
    ),
    Planted("model-demo", no_model),
]

SAID = {
    "gateway-outdated": {"version": "0.0.1"},
    "gateway-cannot-store": {"storage_problem": "the disk is full"},
    "restart-needed": {"restart_needed": ["sandbox.backend"]},
    "settings-not-taken-up": {"settings_problem": "argent.toml, line 3: is no number"},
    "model-rests": {"models_resting": {"openai:x": "it failed 5 times"}},
    "mcp-down": {"mcp": [{"name": "files", "problem": "it ended"}]},
    "search-stopped": {"search_problem": "the disk is full"},
}
"""What a running gateway says of its process, by the fault that follows from it."""


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
