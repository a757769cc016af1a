"""When a live message is posted, edited, and left alone."""

import pytest

from channels.discord.format import render as discord
from channels.errors import ChannelError, RateLimited, Rejected, Unauthorized, Unreachable
from channels.slack.format import render as slack
from channels.telegram.format import render as telegram
from gateway.live import FIRST_AFTER, STOP, Edit, Live, Post
from state.messages import Part


def words(*texts: str) -> list[Part]:
    return [Part(text, text) for text in texts]


def begun(**facts: object) -> Live:
    live = Live(spacing=1.0, **facts)  # type: ignore[arg-type]
    live.begin(0.0)
    return live


def test_a_quick_answer_is_not_shown_before_it_is_whole() -> None:
    live = begun()
    assert live.next(words("Hel"), FIRST_AFTER - 0.01) is None
    assert live.owed(words("Hello")) == tuple(words("Hello"))


def test_the_first_words_are_posted_with_a_button_to_stop_them() -> None:
    call = begun().next(words("Hel"), FIRST_AFTER)
    assert call == Post(0, Part("Hel", "Hel", buttons=(STOP,)))


def test_nothing_is_called_while_a_call_is_under_way_or_too_soon_after_it() -> None:
    live = begun()
    live.next(words("a"), 2.0)
    assert live.next(words("a b"), 5.0) is None
    live.done("m1", 5.0)
    assert live.next(words("a b"), 5.9) is None
    assert live.next(words("a b"), 6.0) == Edit(0, Part("a b", "a b", edits="m1", buttons=(STOP,)))


def test_words_that_did_not_change_are_not_sent_again() -> None:
    live = begun()
    live.next(words("a"), 2.0)
    live.done("m1", 2.0)
    assert live.next(words("a"), 10.0) is None


def test_a_full_part_gets_its_final_form_before_the_next_one_is_begun() -> None:
    live = begun()
    live.next(words("a"), 2.0)
    live.done("m1", 2.0)
    grown = words("a b c", "d")
    assert live.next(grown, 3.0) == Edit(0, Part("a b c", "a b c", edits="m1"))
    live.done("m1", 3.0)
    assert live.next(grown, 4.0) == Post(1, Part("d", "d", buttons=(STOP,)))


def test_a_long_answer_is_edited_less_and_less_often() -> None:
    live, now, gaps = begun(), 2.0, []
    for number in range(200):
        assert live.next(words(f"word {number}"), now) is not None
        live.done("m1", now)
        gaps.append(live.ready_at - now)
        now = live.ready_at
    assert gaps[0] == 1.0
    assert gaps[-1] == 4.0
    assert gaps == sorted(gaps)


@pytest.mark.parametrize("error", [RateLimited(5), Rejected("gone"), Unauthorized("token")])
def test_after_a_flood_answer_or_a_refusal_nothing_is_shown_any_more(error: ChannelError) -> None:
    live = begun()
    live.next(words("a"), 2.0)
    live.done("m1", 2.0)
    live.next(words("a b"), 3.0)
    live.failed(error, 3.0)
    assert live.over
    assert live.next(words("a b c"), 1000.0) is None
    assert live.owed(words("a b c")) == (Part("a b c", "a b c", edits="m1"),)


def test_what_reaches_nobody_is_tried_again_later_and_three_times_at_most() -> None:
    live, now, waits = begun(), 2.0, []
    while live.next(words("a"), now) is not None:
        live.failed(Unreachable("refused"), now)
        waits.append(live.ready_at - now)
        now = live.ready_at
    assert waits == [2.0, 4.0, 8.0]


def test_a_post_without_word_is_not_made_twice() -> None:
    live = begun()
    live.next(words("a"), 2.0)
    live.failed(Unreachable("no word", uncertain=True), 2.0)
    assert live.next(words("a b"), 100.0) is None


def test_a_post_without_word_is_found_again_by_its_key_where_there_are_keys() -> None:
    live = begun(idempotent=True)
    live.next(words("a"), 2.0)
    live.failed(Unreachable("no word", uncertain=True), 2.0)
    assert live.next(words("a b"), 100.0) == Post(0, Part("a b", "a b", buttons=(STOP,)))
    live.done("m1", 100.0)
    # It may show what it was given the first time.
    assert live.next(words("a b"), 200.0) == Edit(
        0, Part("a b", "a b", edits="m1", buttons=(STOP,))
    )


def test_what_may_be_there_is_asked_for_once_more_at_the_end() -> None:
    live = begun(idempotent=True)
    live.next(words("a"), 2.0)
    live.failed(Unreachable("no word", uncertain=True), 2.0)
    assert live.again() == Post(0, Part("a", "a", buttons=(STOP,)))
    live.done("m1", 3.0)
    assert live.owed(words("a b")) == (Part("a b", "a b", edits="m1"),)


def test_after_an_edit_without_word_nobody_knows_what_is_shown() -> None:
    live = begun()
    live.next(words("a", "b"), 2.0)
    live.done("m1", 2.0)
    live.next(words("a a", "b"), 3.0)
    live.failed(Unreachable("no word", uncertain=True), 3.0)
    assert live.owed(words("a", "b"))[0] == Part("a", "a", edits="m1")


def test_messages_from_before_a_crash_become_the_answer_and_those_too_many_go() -> None:
    live = begun(shown=["old1", "old2"])
    assert live.next(words("new"), 2.0) == Edit(
        0, Part("new", "new", edits="old1", buttons=(STOP,))
    )
    live.done("old1", 2.0)
    assert live.owed(words("new words")) == (
        Part("new words", "new words", edits="old1"),
        Part("", "", edits="old2"),
    )


NASTY = """\
# Title with **bold _and italic** mess_

Intro with a [link](https://example.com/a_(b)) and `code and ~~struck~~ text.

| Name | Value |
|:-----|------:|
| one | `1` |
| two |

1. first
   - nested **item
   - another

> quote
> > deeper ```not a fence

~~~~python title="x"
def f():
    return "```"
~~~~

<b>html & entities &amp; &lt;</b> ![image](https://example.com/i.png) <@U123> @everyone
"""


@pytest.mark.parametrize("render", [telegram, discord, slack], ids=["telegram", "discord", "slack"])
def test_half_of_a_document_renders_as_well_as_all_of_it(render: object) -> None:
    for end in range(len(NASTY) + 1):
        for part in render(NASTY[:end]):  # type: ignore[operator]
            assert part.text
            assert part.plain
