"""``argent logs``: what somebody sees who looks for what happened."""

import json

import pytest

from gateway.cli.main import main
from gateway.log_files import LogFile


@pytest.fixture
def state(tmp_path, monkeypatch):
    for name in ("ARGENT_STATE_DIR", "ARGENT_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def kept(state, *events: dict[str, object], path="logs/gateway.jsonl") -> None:
    file = LogFile(state / path, most=1_000_000, keep=1)
    for number, event in enumerate(events):
        at = f"2026-01-30T10:00:{number:02}.000Z"
        file.append([json.dumps({"at": at, "level": "info", **event}).encode()])


@pytest.fixture
def argent(state, capsys):
    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["--state-dir", str(state), "logs", *arguments])
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return call


def test_people_are_shown_a_line_each_and_an_exception_below_its_own(state, argent):
    kept(
        state,
        {"event": "accepted", "session": "telegram_1_main", "row": 3},
        {"event": "turn_broke", "level": "error", "exception": "Traceback\n  boom\x1b[2J"},
    )
    code, out, err = argent()
    first, second, *below = out.splitlines()
    assert (code, err) == (0, "")
    assert first.endswith("info    accepted  session=telegram_1_main  row=3")
    assert second.endswith("error   turn_broke")
    assert below == ["Traceback", "  boom\\x1b[2J"]


def test_scripts_get_the_lines_as_they_stand_in_the_file(state, argent):
    kept(state, {"event": "accepted"}, {"event": "turn_ended"})
    _, out, _ = argent("--json", "-n", "1")
    assert json.loads(out)["event"] == "turn_ended"


def test_a_session_is_named_by_its_key_its_id_or_how_they_begin(state, argent):
    kept(
        state,
        {"event": "one", "session": "telegram_1_main"},
        {"event": "two", "session": "telegram_1_main"},
        {"event": "other", "session": "telegram_2_main"},
    )
    for name in ("telegram:1:main", "telegram_1_main", "telegram:1", "telegram_1"):
        _, out, _ = argent("--session", name, "--json")
        assert [json.loads(line)["event"] for line in out.splitlines()] == ["one", "two"]


def test_damaged_lines_are_left_out_and_said_to_be(state, argent):
    kept(state, {"event": "one"})
    with (state / "logs" / "gateway.jsonl").open("a") as file:
        file.write('{"at":"20\n')
    code, out, err = argent()
    assert (code, len(out.splitlines())) == (0, 1)
    assert "1 damaged line left out" in err


@pytest.mark.parametrize(
    ("arguments", "code", "hint"),
    [
        ((), 5, "argent gateway run"),
        (("--set", "log.file=false"), 5, "journalctl"),
        (("--since", "10m"), 2, "10min"),
    ],
)
def test_whoever_finds_nothing_is_told_why(argent, arguments, code, hint):
    ended, out, err = argent(*arguments)
    assert (ended, out) == (code, "")
    assert hint in err


def test_the_settings_say_where_to_look_and_broken_ones_hide_nothing(state, argent):
    kept(state, {"event": "usual"})
    kept(state, {"event": "elsewhere"}, path="mine.jsonl")
    config = state / "argent.toml"
    config.write_text('[log]\nfile = "mine.jsonl"\n')
    config.chmod(0o600)
    assert "elsewhere" in argent()[1]
    config.write_text("[log\n")
    assert "usual" in argent()[1]
