"""The chat and the questions as a person at a terminal meets them."""

import asyncio
import os
import sys
from collections.abc import Callable
from typing import TypeVar

import pytest

from tests.acceptance.terminal import Terminal
from tests.architecture.sources import ROOT
from tests.emulators.llm import Hangs
from tests.emulators.openai import OpenAIEmulator

pytestmark = pytest.mark.acceptance
T = TypeVar("T")
CTRL_C, CTRL_D = "\x03", "\x04"


@pytest.fixture
def at_terminal(tmp_path):
    """Starts ``argent`` at a terminal."""
    terminals = []

    def start(*arguments: str, **environ: str) -> Terminal:
        command = [sys.executable, "-m", "gateway.cli.main", *arguments]
        kept = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
        kept |= {"ARGENT_STATE_DIR": str(tmp_path / "state"), "LANG": "C.UTF-8"}
        kept |= {"ARGENT_AGENTS__DEFAULTS__MODEL": "offline"}
        terminals.append(Terminal(command, kept | environ))
        return terminals[-1]

    yield start
    for terminal in terminals:
        terminal.hang_up()


async def in_thread(act: Callable[..., T], *arguments: str) -> T:
    return await asyncio.to_thread(act, *arguments)


def test_a_newcomer_chats_and_leaves_with_the_terminal_as_it_was(at_terminal):
    terminal = at_terminal("up")
    greeting = terminal.until("> ")
    assert "demo" in greeting
    terminal.types("hello\n")
    assert "Argent: " in terminal.until("[offline demo] Hello!")
    terminal.until("> ")
    terminal.types(CTRL_D)
    assert terminal.exit_code() == 0
    assert terminal.echoes()


def test_ctrl_c_ends_an_idle_chat_in_the_middle_of_a_line(at_terminal):
    terminal = at_terminal("up")
    terminal.until("> ")
    terminal.types("half a li")
    terminal.until("half a li")
    terminal.types(CTRL_C)
    assert terminal.exit_code() == 0
    assert terminal.echoes()


async def test_ctrl_c_stops_the_running_turn_and_the_chat_goes_on(at_terminal):
    llm = await OpenAIEmulator().answers("one two three").start()
    llm.always(Hangs(after=1))
    environ = {"OPENAI_BASE_URL": llm.url, "OPENAI_API_KEY": "sk-test-key"}
    terminal = at_terminal("up", ARGENT_AGENTS__DEFAULTS__MODEL="openai:gpt-test", **environ)
    await in_thread(terminal.until, "> ")
    terminal.types("count\n")
    await in_thread(terminal.until, "one two three")
    await in_thread(terminal.until, "> ")
    terminal.types("think for ever\n")
    await llm.until(lambda model: len(model.asked) >= 2)
    terminal.types(CTRL_C)
    await in_thread(terminal.until, "Stopped.")
    terminal.types(CTRL_C)
    assert await in_thread(terminal.exit_code) == 0
    await llm.stop()


def test_clearing_at_a_terminal_asks_and_takes_no_for_an_answer(at_terminal):
    assert at_terminal("ask", "hello").exit_code() == 0
    terminal = at_terminal("sessions", "clear", "terminal")
    terminal.until("Clear terminal:local:main? [y/N]: ")
    terminal.types("n\n")
    assert terminal.exit_code() == 1
    terminal = at_terminal("sessions", "clear", "terminal")
    terminal.until("[y/N]: ")
    terminal.types("y\n")
    terminal.until("Cleared terminal:local:main")
    assert terminal.exit_code() == 0
