"""What a conversation is called that nobody gave a title."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.config import TitleMode
from gateway.titles import LONGEST, entitled, from_model, from_words, unentitled
from gateway.visible import one_line
from state.history import UserEntry
from state.keys import Address, SessionKey, SessionType
from state.messages import Sender
from state.session import Session
from tests.unit.gateway.messages import AT


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("What is 2+2?", "What is 2+2?"),
        ("How do I **fix** my [tap](https://example.org/tap)? It drips.", "How do I fix my tap?…"),
        ("see https://example.org/a?b=c and <https://example.org>", "see and"),
        ("www.example.org please", "please"),
        ("<@U0123> <#C01|general> hello <:wave:99>", "hello"),
        ("# Plans\n\n- one\n- two", "Plans one two"),
        ("```py\nprint(1)\n```", "print(1)"),
        ("| what | when |\n|---|---|\n| tea | now |", "what when"),
        ("-- / hello", "hello"),
        ("日本語で話しましょう", "日本語で話しましょう"),
        ("مرحبا كيف حالك", "مرحبا كيف حالك"),
        ("a\u202eb\x1b c", "ab c"),
        ("https://example.org", None),
        ("👍", None),
        ("...", None),
        ("", None),
    ],
)
def test_the_first_words_without_markup_and_links(said: str, title: str | None) -> None:
    assert from_words(said) == title


@given(st.text(max_size=800))
def test_a_title_is_a_short_line_that_says_something(said: str) -> None:
    title = from_words(said)
    if title is not None:
        assert 0 < len(title) <= LONGEST
        assert title == " ".join(title.split())
        assert any(letter.isalnum() for letter in title)
        assert title == one_line(title)


@pytest.mark.parametrize(
    ("wrote", "title"),
    [
        ("Fixing a tap", "Fixing a tap"),
        ('Title: "Fixing a tap."\n\nI hope it helps!', "Fixing a tap"),
        ("\n\n**Tax return 2025**", "Tax return 2025"),
        ("„Steuer“", "Steuer"),
        ("word " * 40, "word " * 11 + "word…"),
        ('""', None),
        ("", None),
    ],
)
def test_what_a_model_wrote_is_made_a_title(wrote: str, title: str | None) -> None:
    assert from_model(wrote) == title


def said(text: str) -> UserEntry:
    here = Address("telegram", "7")
    return UserEntry("e1", AT, text, address=here, sender=Sender("7", "Ann"), message="1")


def session(kind: SessionType = SessionType.DM) -> Session:
    return Session.begin(SessionKey("telegram", "7", kind), agent="main", at=AT)


def test_a_private_conversation_is_called_by_the_first_words_in_it() -> None:
    named = entitled(session(), [said("👍"), said("hello there")], TitleMode.WORDS)
    assert (named.title, named.titled) == ("hello there", True)
    assert entitled(named, [said("something else")], TitleMode.WORDS) == named


def test_what_somebody_called_it_and_rooms_and_whoever_wants_none_stay_as_they_are() -> None:
    given = replace(session(), title="Ann's")
    for each in (given, session(SessionType.GROUP), session(SessionType.TOPIC)):
        assert entitled(each, [said("hello")], TitleMode.WORDS) == each
    for mode in (TitleMode.OFF, TitleMode.MODEL):
        assert entitled(session(), [said("hello")], mode) == session()


def test_a_title_goes_with_the_words_that_it_was_made_of_and_one_that_was_given_stays() -> None:
    named = entitled(session(), [said("my secret is 42")], TitleMode.WORDS)
    assert unentitled(named) == session()
    given = replace(session(), title="Ann's")
    assert unentitled(given) == given
