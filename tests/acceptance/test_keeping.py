"""Backups and checks as an operator makes them, without a gateway and beside one."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.terminal import Terminal
from tests.acceptance.test_cli import PATIENCE, TERMINAL, Argent

pytestmark = pytest.mark.acceptance


@pytest.fixture
def talked(tmp_path) -> Argent:
    argent = Argent(tmp_path / "state")
    argent.ok("ask", "my name is Jason")
    return argent


@pytest.fixture
def running(talked):
    process = talked.start("gateway", "run", "--json")
    yield talked
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors


def history(argent: Argent) -> Path:
    (path,) = argent.state.rglob("sessions/*/history.json")
    return path


def findings(argent: Argent, code: int, *options: str) -> list[str]:
    """The kinds of what is found, of a check that ends so."""
    done = argent.run("sessions", "check", "--json", *options)
    assert done.returncode == code, done.stdout + done.stderr
    return [finding["kind"] for finding in json.loads(done.stdout)["data"]["findings"]]


def test_a_backup_of_a_running_gateway_starts_elsewhere_and_remembers(running, tmp_path):
    backup, new = tmp_path / "backup.tar.gz", tmp_path / "new"
    made = running.data("backup", "create", "--to", str(backup))
    assert made["file"] == str(backup)
    assert made["bytes"] == backup.stat().st_size
    assert backup.stat().st_mode & 0o777 == 0o600
    running.ok("ask", "this comes too late")
    found = running.data("backup", "verify", str(backup))
    assert (found["broken"], found["damaged"]) == ([], [])
    told = running.run("backup", "restore", str(backup), "--into", str(new))
    assert f"ARGENT_STATE_DIR={new}" in told.stdout
    assert "must not answer the same chats" in told.stderr
    restored = Argent(new)
    assert restored.run("sessions", "check").stdout == "1 session read, 0 findings.\n"
    assert "Jason" in restored.ok("ask", "what did I say?")
    said = restored.data("sessions", "show", TERMINAL)["entries"]
    asked = [entry["content"] for entry in said if entry["role"] == "user"]
    assert asked == ["my name is Jason", "what did I say?"]


def test_a_backup_is_named_by_its_time_and_is_without_settings(talked, tmp_path):
    (talked.state / "argent.toml").write_text("[log]\nlevel = 'debug'\n")
    done = subprocess.run(
        talked.command("backup", "create", "--json"),
        env=talked.environ, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE,
        check=True,
    )  # fmt: skip
    data = json.loads(done.stdout)["data"]
    assert Path(data["file"]).parent == tmp_path
    assert Path(data["file"]).name.startswith("argent-20")
    assert data["config"] is False
    with_them = tmp_path / "with.tar.gz"
    assert talked.data("backup", "create", "--with-config", "--to", str(with_them))["config"]
    talked.ok("backup", "restore", str(with_them), "--into", str(tmp_path / "new"))
    assert "debug" in (tmp_path / "new" / "argent.toml").read_text()


def test_settings_that_are_nowhere_cannot_be_backed_up(talked, tmp_path):
    target = tmp_path / "backup.tar.gz"
    error = talked.refused(5, "backup", "create", "--with-config", "--to", str(target))
    assert "--config FILE" in error["hint"]
    assert not target.exists()


def test_a_broken_backup_is_found_and_not_restored(talked, tmp_path):
    backup = tmp_path / "backup.tar.gz"
    talked.ok("backup", "create", "--to", str(backup))
    data = bytearray(backup.read_bytes())
    data[len(data) // 2] ^= 0xFF
    backup.write_bytes(data)
    done = talked.run("backup", "verify", str(backup), "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["data"]["broken"]
    assert talked.run("backup", "verify", str(backup)).stdout.startswith("broken: ")
    talked.refused(1, "backup", "restore", str(backup), "--into", str(tmp_path / "new"))
    assert not (tmp_path / "new").exists()
    assert talked.refused(5, "backup", "verify", str(tmp_path / "nowhere"))["code"] == "not_found"


@pytest.mark.parametrize(("options", "bars"), [((), True), (("--json",), False)])
def test_a_person_at_a_terminal_sees_how_far_it_is(talked, tmp_path, options, bars):
    backup, new = str(tmp_path / "backup.tar.gz"), str(tmp_path / "new")
    for label, arguments in (
        ("Backing up", ["backup", "create", "--to", backup]),
        ("Verifying", ["backup", "verify", backup]),
        ("Restoring", ["backup", "restore", backup, "--into", new]),
        ("Reading", ["sessions", "check"]),
    ):
        terminal = Terminal(talked.command(*arguments, *options), talked.environ)
        try:
            seen = terminal.until("100%" if bars else '"ok": true')
            assert terminal.exit_code() == 0
        finally:
            terminal.hang_up()
        assert (label in seen) == bars


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_backup_that_is_ended_leaves_nothing_behind(talked, tmp_path, number):
    with (talked.state / "large").open("wb") as large:
        large.truncate(4_000_000_000)
    kept = tmp_path / "kept"
    kept.mkdir()
    process = subprocess.Popen(
        talked.command("backup", "create", "--to", str(kept / "backup.tar.gz")),
        env=talked.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    while not list(kept.iterdir()):
        assert process.poll() is None
    process.send_signal(number)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert not list(kept.iterdir())


def test_nothing_is_restored_in_place(talked, tmp_path):
    backup = tmp_path / "backup.tar.gz"
    talked.ok("backup", "create", "--to", str(backup))
    error = talked.refused(1, "backup", "restore", str(backup), "--into", str(talked.state))
    assert "empty folder" in error["message"]
    assert "Jason" in talked.ok("sessions", "show", TERMINAL)


def test_damage_is_found_without_a_change_and_mended_when_it_is_asked_for(talked):
    assert findings(talked, 0) == []
    damaged = history(talked).read_bytes() + b"nonsense\n"
    history(talked).write_bytes(damaged)
    assert findings(talked, 1) == ["damaged"]
    shown = talked.run("sessions", "check")
    assert (shown.returncode, "--repair" in shown.stderr) == (1, True)
    assert history(talked).read_bytes() == damaged
    assert findings(talked, 0, "--repair") == []
    assert any(b"nonsense" in path.read_bytes() for path in talked.state.rglob("*.damaged-*"))
    assert "Jason" in talked.ok("sessions", "show", TERMINAL)
    assert findings(talked, 0) == []


def test_a_running_gateway_mends_what_it_is_asked_to(running):
    assert findings(running, 0) == []
    folder = history(running).parent
    history(running).write_bytes(history(running).read_bytes() + b"nonsense\n")
    copy = folder.with_name("terminal_other_main")
    copy.mkdir()
    (copy / "history.json").write_bytes(history(running).read_bytes())
    assert set(findings(running, 1)) == {"damaged", "unindexed", "missing"}
    assert findings(running, 1, TERMINAL) == ["damaged"]
    assert findings(running, 0, "--repair") == []
    assert "terminal:other:main" in running.ok("sessions", "list")
    assert "Jason" in running.ok("ask", "what did I say?")
    assert findings(running, 0) == []


def test_what_cannot_be_mended_is_left_and_told(talked):
    (history(talked).parents[1] / "README").write_text("mine")
    assert findings(talked, 1, "--repair") == ["stray"]
    assert talked.refused(5, "sessions", "check", "telegram:5:main")["code"] == "not_found"


def test_checking_and_backing_up_import_no_platform_and_no_model(talked, tmp_path):
    program = (
        "import sys; sys.argv[1:] = {}\n"
        "from gateway.cli.main import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print(sorted(m for m in sys.modules if m.partition('.')[0] in {'asyncio', 'aiohttp', "
        "'pydantic', 'telegram', 'structlog', 'rich', 'channels', 'agents'}), file=sys.stderr)"
    )
    backup = str(tmp_path / "backup.tar.gz")
    for arguments in (["sessions", "check"], ["backup", "create", "--to", backup, "--json"],
                      ["backup", "verify", backup],
                      ["backup", "restore", backup, "--into", str(tmp_path / "new"), "--json"],
                      ):  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", program.replace("{}", repr(arguments))],
            env=talked.environ, capture_output=True, text=True, timeout=PATIENCE, check=True,
        )  # fmt: skip
        assert done.stderr == "[]\n", arguments
    assert (tmp_path / "new" / "gateway.db").exists()
