"""What Tab offers: commands, options, and the owner's own names."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.cli.completion import VARIABLE
from gateway.cli.main import main
from state.files import open_state
from tests.architecture.sources import ROOT
from tests.contracts.examples import session

CONFIG = """
[agents.coder]
model = "offline"
[channels.telegram-work]
token = "1:a"
[mcp.files]
command = ["x"]
"""


@pytest.fixture
def tab(tmp_path, capsys, monkeypatch):
    """What Bash is told when Tab is pressed behind a line."""
    monkeypatch.setenv("ARGENT_STATE_DIR", str(tmp_path))
    (tmp_path / "argent.toml").write_text(CONFIG)

    def press(line: str) -> list[str]:
        monkeypatch.setenv(VARIABLE, "bash_complete")
        monkeypatch.setenv("COMP_LINE", line)
        monkeypatch.setenv("COMP_POINT", str(len(line)))
        with pytest.raises(SystemExit):
            main([])
        said = capsys.readouterr()
        assert said.err == ""
        return [each.partition(",")[2] for each in said.out.splitlines() if each]

    return press


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("argent se", ["setup", "sessions"]),
        ("argent sessions sh", ["show"]),
        ("argent setup --non", ["--non-interactive"]),
        ("argent completion ", ["bash", "zsh", "fish"]),
        ("argent config get agents.coder.mod", ["agents.coder.model"]),
        ("argent config get channels.telegram-work.dm", ["channels.telegram-work.dm_policy"]),
        ("argent --set log.lev", ["log.level="]),
        ("argent --set log.level=w", ["warning"]),
        ("argent --set=log.level=w", ["warning"]),
        ("argent --set sandbox.required=", ["true", "false"]),
        ("argent channels test telegram-", ["telegram-work"]),
        ("argent mcp test ", ["files"]),
        ("argent sessions show ", []),
    ],
)
def test_it_offers_what_fits(tab, line, offered):
    assert tab(line)[: len(offered) or None] == offered


async def test_sessions_are_offered_by_key_whose_colons_end_words_for_bash(tab, tmp_path: Path):
    state = await open_state(tmp_path)
    await state.sessions.create(session("123"))
    await state.ledger.index(session("123"))
    await state.close()
    assert tab("argent sessions show ") == ["telegram:123:main"]
    assert tab("argent sessions show tele") == ["telegram:123:main"]
    assert tab("argent sessions show telegram:1") == ["123:main"]
    assert tab("argent sessions show telegram_1") == ["telegram_123_main"]


def test_a_state_that_cannot_be_read_offers_nothing_and_says_nothing(tab, tmp_path):
    (tmp_path / "gateway.db").write_bytes(b"this is no database" * 1000)
    (tmp_path / "argent.toml").write_text("not = [ toml")
    assert tab("argent sessions show t") == []
    assert tab("argent mcp test ") == []
    assert tab("argent config get log.lev") == ["log.level"]


def test_the_owners_names_come_without_the_settings_models(tab):
    """They take a third of a second to load, and somebody waits with a finger on Tab."""
    before = set(sys.modules)
    tab("argent --set channels.telegram-work.ow")
    loaded = set(sys.modules) - before
    assert not {each for each in loaded if each.startswith(("pydantic", "channels", "agents"))}


@pytest.fixture
def bash(tmp_path, capsys):
    """What Bash says when Tab is pressed behind a line, and then this is run."""
    argent = tmp_path / "argent"
    argent.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m gateway.cli.main "$@"\n')
    argent.chmod(0o700)
    with pytest.raises(SystemExit):
        main(["completion", "bash"])
    script = capsys.readouterr().out

    def run(line: str, then: str) -> str:
        asked = f'COMP_LINE="{line}" COMP_POINT={len(line)}\n_argent_completion {argent}\n'
        environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
        environ["ARGENT_STATE_DIR"] = str(tmp_path)
        done = subprocess.run(
            ["bash", "--norc", "-c", script + asked + then],
            env=environ, capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        return done.stdout

    return run


def test_bash_itself_asks_and_takes_the_answer(bash):
    then = 'printf "%s," "${COMPREPLY[@]}"\ncomplete -p argent\n'
    said = bash("argent --set log.level=d", then)
    assert said.startswith("debug,complete -o nosort -F _argent_completion argent")


async def test_what_a_chat_is_called_is_no_command_for_bash(bash, tmp_path: Path):
    hostile = session("$(touch${IFS}pwned);'&x")
    state = await open_state(tmp_path)
    await state.sessions.create(hostile)
    await state.ledger.index(hostile)
    await state.close()
    then = 'eval "words=(${COMPREPLY[0]})"\nprintf %s "${words[0]}"\n'
    assert bash("argent sessions show ", then) == str(hostile.key)
    assert not list(Path.cwd().glob("pwned"))


async def test_a_title_is_shown_on_one_line_and_obeyed_by_no_terminal(
    tmp_path: Path, capsys, monkeypatch
):
    titled = replace(session("123"), title="Plans\nplain\nrm\n_\x1b[2J")
    state = await open_state(tmp_path)
    await state.sessions.create(titled)
    await state.ledger.index(titled)
    await state.close()
    monkeypatch.setenv("ARGENT_STATE_DIR", str(tmp_path))
    monkeypatch.setenv(VARIABLE, "zsh_complete")
    monkeypatch.setenv("COMP_WORDS", "argent sessions show ")
    monkeypatch.setenv("COMP_CWORD", "3")
    with pytest.raises(SystemExit):
        main([])
    assert capsys.readouterr().out.splitlines() == [
        "plain",
        r"telegram\:123\:main",
        r"Plans\nplain\nrm\n_\x1b[2J",
    ]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell_is_printed(capsys, shell):
    with pytest.raises(SystemExit) as ended:
        main(["completion", shell])
    assert not ended.value.code
    assert VARIABLE in capsys.readouterr().out
