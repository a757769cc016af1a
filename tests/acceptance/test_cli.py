"""The command line as real processes, without a gateway and beside one."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import gateway
from tests.architecture.sources import ROOT

pytestmark = pytest.mark.acceptance

TERMINAL = "terminal:local:main"
PATIENCE = 60


class Argent:
    """Calls of ``argent`` on one state folder."""

    def __init__(self, state: Path) -> None:
        self.state = state
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        self.environ = kept | {
            "HOME": str(state.parent),
            "ARGENT_STATE_DIR": str(state),
            "ARGENT_AGENTS__DEFAULTS__MODEL": "offline",
            "PYTHONPATH": str(ROOT),
        }

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "gateway.cli.main", *arguments]

    def run(self, *arguments: str, stdin: str = "", **environ: str):
        return subprocess.run(
            self.command(*arguments),
            input=stdin,
            env=self.environ | environ,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def ok(self, *arguments: str, **options: str) -> str:
        done = self.run(*arguments, **options)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def data(self, *arguments: str, **options: str):
        """The data of a command's envelope."""
        envelope = json.loads(self.ok(*arguments, "--json", **options))
        assert envelope["ok"] is True
        assert envelope["version"] == 1
        return envelope["data"]

    def refused(self, code: int, *arguments: str, **options: str):
        """The error of a command that ends with an exit code, from its envelope."""
        done = self.run("--json", *arguments, **options)
        assert done.returncode == code, done.stdout + done.stderr
        envelope = json.loads(done.stdout)
        assert envelope["ok"] is False
        return envelope["error"]

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """A process that goes on."""
        return subprocess.Popen(
            self.command(*arguments),
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """The same, once it has printed its first line."""
        process = self.begin(*arguments)
        assert process.stdout is not None
        assert process.stdout.readline(), process.communicate()[1]
        return process


@pytest.fixture
def argent(tmp_path) -> Argent:
    return Argent(tmp_path / "state")


@pytest.fixture
def talked(argent, tmp_path_factory) -> Argent:
    """A folder with one conversation, and no gateway: everybody has a copy of the same."""
    once = tmp_path_factory.getbasetemp() / "talked" / "state"
    if not once.exists():
        Argent(once).ok("ask", "Hello there")
    shutil.copytree(once, argent.state)
    return argent


@pytest.fixture
def running(argent):
    """The same with a gateway that runs."""
    process = argent.start("gateway", "run", "--json")
    yield argent
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors


# Without a gateway ------------------------------------------------------------------------------


def test_the_version_is_told(argent):
    assert argent.ok("--version") == f"argent {gateway.__version__}\n"
    assert argent.data("--version") == {"version": gateway.__version__}


def test_readers_import_no_platform_no_model_and_no_settings(talked):
    program = (
        "import sys; sys.argv[1:] = {}\n"
        "from gateway.cli.main import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print(sorted(m for m in sys.modules if m.partition('.')[0] in {'asyncio', 'aiohttp', "
        "'pydantic', 'telegram', 'structlog', 'rich', 'channels', 'agents'}), file=sys.stderr)"
    )
    for arguments in (["--version"], ["sessions", "list"], ["sessions", "show", TERMINAL],
                      ["sessions", "export", TERMINAL], ["sessions", "search", "hello"],
                      ["pair", "list"], ["usage"], ["status"], ["status", "--deep"],
                      ["logs"]):  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", program.replace("{}", repr(arguments))],
            env=talked.environ, capture_output=True, text=True, timeout=PATIENCE, check=True,
        )  # fmt: skip
        assert done.stderr == "[]\n", arguments


def test_a_fresh_folder_has_no_sessions_and_is_not_made_by_looking(argent):
    assert argent.ok("sessions", "list") == "No sessions yet.\n"
    assert not argent.state.exists()


@pytest.mark.parametrize("command", [["up"], ["ask", "Hello"], ["gateway", "run"]])
def test_a_state_folder_that_is_a_file_is_what_is_complained_about(tmp_path, command):
    there = tmp_path / "a file"
    there.touch()
    error = Argent(there).refused(1, *command)
    assert error["code"] == "storage_failed"
    assert str(there) in error["message"]


@pytest.mark.parametrize("command", [["up"], ["ask", "Hello"], ["gateway", "run"]])
def test_what_is_in_the_sockets_way_is_named(argent, command):
    argent.state.mkdir(exist_ok=True)
    (argent.state / "control.sock").touch()
    error = argent.refused(1, *command)
    assert error["code"] == "storage_failed"
    assert "control.sock" in error["message"]


def test_sessions_are_listed_as_the_seeds_show_them(talked):
    assert talked.ok("sessions", "list").startswith(
        f"Active Sessions:\n  {TERMINAL}    - 2 messages, last active "
    )


def test_a_question_is_kept_with_its_answer(talked):
    shown = talked.data("sessions", "show", "terminal")
    assert [entry["role"] for entry in shown["entries"]] == ["user", "assistant"]
    assert shown["entries"][0]["content"] == "Hello there"
    assert "Hello there" in talked.ok("sessions", "show", TERMINAL, "--tail", "2")
    assert talked.data("sessions", "info", "terminal_local_main")["messages"] == 2


def test_everything_private_is_private(talked):
    for path in [talked.state, *talked.state.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.parametrize("command", ["show", "export"])
def test_a_damaged_history_is_said_to_be_damaged_and_what_is_whole_is_shown(talked, command):
    (path,) = talked.state.rglob("history.json")
    whole = talked.ok("sessions", command, TERMINAL)
    path.write_bytes(path.read_bytes().replace(b'[\n{"id"', b"\0" * 7, 1))
    done = talked.run("sessions", command, TERMINAL)
    assert done.returncode == 0
    assert f"{path} is damaged" in done.stderr
    assert "argent sessions check --repair" in done.stderr
    assert done.stdout.strip()[-30:] == whole.strip()[-30:]
    assert talked.data("sessions", command, TERMINAL)["damaged"] == str(path)
    assert talked.ok("ask", "Go on")
    assert talked.run("sessions", command, TERMINAL).stderr == ""


def test_a_history_of_which_nothing_is_left_is_not_called_new(talked):
    (path,) = talked.state.rglob("history.json")
    path.write_bytes(b"nothing of it")
    done = talked.run("sessions", "show", TERMINAL)
    assert done.stdout == "Nothing can be read.\n"
    assert "is damaged" in done.stderr


def test_an_export_is_a_document_by_itself(talked):
    document = json.loads(talked.ok("sessions", "export", TERMINAL))
    assert document["key"] == TERMINAL
    assert document["messages"][0]["content"] == "Hello there"
    markdown = talked.ok("sessions", "export", TERMINAL, "--format", "markdown")
    assert markdown.startswith("# Hello there\n")


def test_clearing_asks_first_and_archives(talked):
    assert talked.refused(2, "sessions", "clear", TERMINAL)["hint"] == "to go on, say --yes"
    assert TERMINAL in talked.ok("sessions", "clear", "terminal", "--yes")
    assert talked.data("sessions", "show", TERMINAL)["entries"] == []
    (archived,) = talked.state.rglob("archive/*.json")
    assert "Hello there" in archived.read_text()


def test_deleting_keeps_a_copy_and_erasing_does_not(talked):
    talked.ok("sessions", "delete", TERMINAL, "--yes")
    assert talked.data("sessions", "list")["sessions"] == []
    (kept,) = talked.state.glob("deleted/*/history.json")
    assert "Hello there" in kept.read_text()
    talked.ok("ask", "once more")
    talked.ok("sessions", "delete", TERMINAL, "--yes", "--erase")
    assert len(list(talked.state.glob("deleted/*"))) == 1


def test_what_is_not_there_is_not_found(talked):
    error = talked.refused(5, "sessions", "info", "terminal:locla:main")
    assert error["code"] == "not_found"
    assert TERMINAL in error["hint"]
    assert talked.refused(5, "pair", "approve", "ABCD2345")["code"] == "not_found"
    assert talked.refused(5, "pair", "revoke", "12")["code"] == "not_found"


def test_wrong_usage_exits_with_two(argent):
    assert argent.refused(2, "sessions", "lst")["code"] == "usage"
    assert argent.refused(2, "sessions", "list", "--limit", "0")["code"] == "usage"
    assert argent.refused(2, "sessions", "clear")["code"] == "usage"
    assert argent.run().returncode == 2


def test_a_bad_setting_is_refused_before_anything_starts(argent, tmp_path):
    config = tmp_path / "argent.toml"
    config.write_text("[gateway]\nmax_turn = 1\n")
    for command in (["gateway", "run"], ["up"], ["ask", "x"], ["config", "validate"]):
        error = argent.refused(2, "--config", str(config), *command)
        assert error["code"] == "bad_config"
        assert f"{config}, line 2: gateway.max_turn is no setting" in error["message"]
    assert not argent.state.exists()


def test_settings_are_shown_without_their_secrets(argent):
    environ = {"TELEGRAM_BOT_TOKEN": "123:hunter2", "ARGENT_LOG__LEVEL": "debug"}
    done = argent.run("config", "show", **environ)
    assert 'log.level = "debug"' in done.stdout
    assert "channels.telegram.token" in done.stdout
    assert "hunter2" not in done.stdout + done.stderr


def test_an_unknown_variable_is_a_finding(argent):
    done = argent.run("config", "validate", ARGENT_GATEWAY__MAX_TRUNS="3")
    assert done.returncode == 1
    assert "did you mean 'ARGENT_GATEWAY__MAX_TURNS'?" in done.stdout


def test_the_command_line_beats_the_environment(argent):
    done = argent.run("config", "show", "--set", "log.level=error", ARGENT_LOG__LEVEL="debug")
    assert 'log.level = "error"' in done.stdout


def test_what_needs_a_gateway_exits_with_three(argent):
    for command in (["chat"], ["channels", "status"], ["gateway", "status"], ["gateway", "stop"]):
        assert argent.refused(3, *command)["code"] == "gateway_down", command


def test_the_offline_model_answers_a_test(argent):
    (test,) = argent.data("models", "test")["tests"]
    assert (test["model"], test["error"]) == ("offline", None)
    assert argent.data("models", "list")["chosen"] == ["offline"]


def test_a_model_without_a_key_fails_its_test(argent):
    done = argent.run("models", "test", "openai:gpt-x")
    assert done.returncode == 1
    assert "OPENAI_API_KEY" in done.stdout


def test_a_question_without_an_answer_fails_and_prints_none(argent):
    environ = {"OPENAI_API_KEY": "sk-test-key", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
    environ |= {"ARGENT_AGENTS__DEFAULTS__MODEL": "openai:x", "ARGENT_MODELS__ATTEMPTS": "1"}
    done = argent.run("ask", "hello", **environ)
    assert (done.returncode, done.stdout) == (1, "")
    assert "can't reach the model" in done.stderr
    assert argent.run("models", "test", **environ).returncode == 3


def test_a_model_that_cannot_be_is_a_bad_setting(argent):
    settings = ("--set", "agents.defaults.model=openai:x")
    for command in (["ask", "hello"], ["gateway", "run"]):
        assert argent.refused(2, *settings, *command)["code"] == "bad_config"


def test_a_reader_that_leaves_early_is_no_error(talked):
    talked.ok("ask", stdin="x" * 200_000)
    reader = f"{shlex.join(talked.command('sessions', 'show', TERMINAL))} | head -c 10"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", reader],
        env=talked.environ, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.encode()) == 10


def test_nothing_that_was_said_reaches_the_terminal_as_a_command(argent):
    argent.ok("ask", "evil \x1b[2J \x9b \u202e title")
    for command in (["sessions", "show", TERMINAL], ["sessions", "export", TERMINAL],
                    ["sessions", "export", TERMINAL, "--format", "markdown"],
                    ["sessions", "show", TERMINAL, "--json"]):  # fmt: skip
        shown = argent.ok(*command)
        assert "evil" in shown
        assert not {"\x1b", "\x9b", "\u202e"} & set(shown), command


# `up` and `chat` --------------------------------------------------------------------------------


def test_a_newcomer_talks_through_a_pipe_and_is_remembered(argent):
    auto = {"ARGENT_AGENTS__DEFAULTS__MODEL": "auto", "OLLAMA_HOST": "127.0.0.1:9"}
    first = argent.run("up", stdin="my name is Jason\n/status\n", **auto)
    assert first.returncode == 0, first.stderr
    assert "offline demo" in first.stdout
    assert "terminal:local:main" in first.stdout
    for fact in (
        gateway.__version__,
        str(argent.state),
        "terminal",
        "OPENAI_API_KEY",
        "127.0.0.1:9",
    ):
        assert fact in first.stderr
    second = argent.run("up", stdin="what did I say?\n")
    assert "Jason" in second.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_up_without_any_input_serves_until_it_is_asked_to_stop(argent, number):
    process = argent.start("up", "--json")
    assert argent.data("gateway", "status")["model"] == "offline"
    process.send_signal(number)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors


# Beside a gateway -------------------------------------------------------------------------------


def test_a_second_gateway_on_the_folder_is_refused_with_the_firsts_pid(running):
    pid = running.data("gateway", "status")["pid"]
    error = running.refused(6, "gateway", "run")
    assert error["code"] == "locked"
    assert str(pid) in error["message"]


def test_chats_and_questions_go_through_the_gateway_that_runs(running):
    assert "offline demo" in running.ok("ask", "one")
    assert "offline demo" in running.ok("chat", stdin="two\n")
    attached = running.run("up", stdin="three\n")
    assert "already" in attached.stderr
    said = running.data("sessions", "show", TERMINAL)["entries"]
    assert [e["content"] for e in said if e["role"] == "user"] == ["one", "two", "three"]


def test_every_message_of_a_json_chat_is_one_object(running):
    lines = running.ok("chat", "--json", stdin="one\ntwo\n").splitlines()
    kinds = [json.loads(line)["kind"] for line in lines]
    assert kinds == ["message", "message", "chat"]


def test_readers_and_writers_work_beside_the_gateway(running):
    running.ok("ask", "hello")
    assert TERMINAL in running.ok("sessions", "list")
    assert running.data("status")["counts"]["sessions"] == 1
    assert "healthy" in running.ok("channels", "status")
    running.ok("sessions", "clear", "--all", "--yes")
    assert running.data("sessions", "show", TERMINAL)["entries"] == []


def test_a_gateway_is_stopped_and_gone_when_the_command_returns(argent):
    process = argent.start("gateway", "run")
    assert argent.data("gateway", "stop")["pid"] == process.pid
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert not (argent.state / "control.sock").exists()
