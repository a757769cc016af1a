"""What is drawn again and again, on a terminal and elsewhere."""

import io
import os
from contextlib import redirect_stdout

import pytest

from gateway.cli import output
from gateway.cli.output import Screen


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def drawn(monkeypatch):
    """What is drawn where there are three lines of forty columns."""
    monkeypatch.setattr(output.shutil, "get_terminal_size", lambda: os.terminal_size((40, 3)))

    def draw(text: str) -> str:
        with redirect_stdout(Terminal()) as terminal:
            Screen().show(text)
        return terminal.getvalue()

    return draw


def test_on_a_terminal_each_text_is_drawn_over_the_one_before(drawn):
    assert drawn("one\ntwo") == "\x1b[H\x1b[?7lone\x1b[K\ntwo\x1b[K\n\x1b[?7h\x1b[J"


def test_what_has_no_room_is_left_out_and_nothing_commands_the_terminal(drawn):
    shown = drawn("evil \x1b[2J\ntwo\nthree")
    assert "evil \\x1b[2J" in shown
    assert "three" not in shown


def test_elsewhere_texts_follow_each_other(capsys):
    screen = Screen()
    screen.show("one")
    screen.show("two")
    assert capsys.readouterr().out == "one\n\ntwo\n\n"
