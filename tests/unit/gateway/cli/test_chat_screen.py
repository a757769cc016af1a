"""What a chat shows: as it streams on a terminal, whole in a pipe."""

import asyncio

import pytest

from gateway.cli.chat_screen import ChatScreen


def frames(screen: ChatScreen, *given: tuple[str, str], source: str = "s") -> None:
    for kind, text in given:
        name = "outcome" if kind == "ended" else "text"
        screen.show({"frame": kind, "source": source, name: text})


@pytest.fixture
async def terminal() -> ChatScreen:
    return ChatScreen(streams=True)


async def test_a_terminal_shows_an_answer_as_it_streams_and_only_once(terminal, capsys):
    answer = terminal.expect("s")
    frames(terminal, ("delta", "Hel"), ("delta", "lo "))
    assert capsys.readouterr().out == "Argent: Hello "
    frames(terminal, ("message", "Hello there"))
    assert capsys.readouterr().out == " there\n"
    assert await answer == "Hello there"
    assert not terminal.waiting


async def test_an_answer_that_reads_differently_in_the_end_is_shown_whole(terminal, capsys):
    terminal.expect("s")
    frames(terminal, ("delta", "Let me look"), ("message", "It is noon."))
    assert capsys.readouterr().out == "Argent: Let me look\nArgent: It is noon.\n"


async def test_words_that_became_void_are_marked(terminal, capsys):
    terminal.expect("s")
    frames(terminal, ("delta", "Hel"), ("restart", ""), ("delta", "Hi"), ("message", "Hi"))
    shown = capsys.readouterr().out
    assert shown.splitlines()[0] == "Argent: Hel …"
    assert shown.endswith("Argent: Hi\n")


async def test_a_pipe_gets_whole_answers_only(capsys):
    screen = ChatScreen(streams=False)
    screen.expect("s")
    frames(screen, ("delta", "Hel"), ("restart", ""), ("message", "Hello"))
    assert capsys.readouterr().out == "Hello\n"


async def test_words_that_nobody_asked_for_take_the_prompts_place(capsys):
    done = []
    screen = ChatScreen(
        streams=True, before=lambda: done.append("hide"), after=lambda: done.append("show")
    )
    frames(screen, ("message", "while you were away"), source="other")
    assert capsys.readouterr().out == "Argent: while you were away\n"
    assert done == ["hide", "show"]


async def test_control_characters_are_shown_and_never_sent(terminal, capsys):
    terminal.expect("s")
    frames(terminal, ("delta", "\x1b]52;c;evil\x07"), ("message", "\ufffd]52;c;evil\ufffd"))
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert shown == "Argent: \\x1b]52;c;evil\\x07\n"


async def test_a_stopped_message_waits_for_no_answer(terminal):
    answer = terminal.expect("s")
    frames(terminal, ("ended", "declined"))
    assert await answer == ""
    assert terminal.outcome("s") == "declined"


async def test_an_answer_nobody_waits_for_any_more_is_no_error(terminal):
    terminal.expect("s").cancel()
    await asyncio.sleep(0)
    frames(terminal, ("message", "late"))
    assert not terminal.waiting


@pytest.mark.parametrize("answer_first", [True, False])
async def test_what_was_answered_together_with_a_later_message_has_its_answer(answer_first, capsys):
    screen = ChatScreen(streams=False, silent=True)
    answer = screen.expect("s1")
    told = [
        {"frame": "ended", "source": "s1", "outcome": "replied", "answered": "s2"},
        {"frame": "message", "source": "s2", "text": "both"},
    ]
    for frame in reversed(told) if answer_first else told:
        screen.show(frame)
    assert await asyncio.wait_for(answer, 1) == "both"
    assert not screen.waiting
