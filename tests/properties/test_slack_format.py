"""Whatever a model writes arrives whole, valid, within Slack's limits, and pings nobody."""

import re

import orjson
from hypothesis import example, given
from hypothesis import strategies as st

from channels.slack.format import BLOCKS_LIMIT, TEXT_LIMIT, clean, escape, is_blank, render
from tests.emulators.slack import blocks as kit
from tests.properties.test_telegram_format import _CHARACTERS, _WORD, _answers

_PINGS = st.sampled_from(
    ["<!channel>", "<@U123>", "<!here|x>", "<#C1|g>", "@everyone", "&lt;!here>"]
)


def _check(source: str) -> str:
    """Every message is one that Slack takes; gives all that is in them, links last."""
    texts, links = [], []
    for message in render(source):
        blocks = orjson.loads(message.text)
        shown, pings = kit.read(blocks)
        assert not pings
        assert not kit.pings_in(escape(message.plain))
        assert len(shown.encode("utf-16-le")) // 2 <= TEXT_LIMIT
        assert len(message.text) <= BLOCKS_LIMIT
        assert len(escape(message.plain)) <= 40_000
        assert not is_blank(shown)
        assert clean(shown) == shown
        texts.append(shown)
        links += re.findall(r'"url":"([^"]*)"', message.text)
    return "".join(texts) + "\n" + " ".join(links)


@given(_answers())
def test_every_message_is_valid_and_every_word_arrives(source):
    shown = _check(source)
    assert is_blank(shown) is is_blank(clean(source))
    # A word in a fence's info string names a language, which Slack does not show.
    languages = set(_WORD.findall(" ".join(re.findall(r"(?:```|~~~)[^\n]*", source))))
    assert set(_WORD.findall(source)) <= set(_WORD.findall(shown)) | languages


@given(st.lists(st.one_of(_PINGS, _CHARACTERS, st.sampled_from("*_~`\n>|")), max_size=40))
def test_nothing_pings(pieces):
    _check("".join(pieces))


@given(_CHARACTERS, st.integers(1, 3000))
@example("a\u0301", 10**5)
@example("👨‍👩‍👧‍👦", 3000)
@example("\u202e", 5000)
@example("x", 20_000)
@example('"', 20_000)
@example("\\\\", 10_000)
@example("`", 10_000)
@example("> ", 3000)
@example("- ", 3000)
@example("*a* ", 3000)
@example("[a](https://x.org/" + "b" * 1900 + ") ", 30)
@example("|a", 3000)
def test_anything_repeated_is_valid(text, times):
    _check(text * times)


_words = st.text("abcdefghijäöüéж中", min_size=1, max_size=9)
_sentences = st.lists(_words, min_size=1, max_size=80).map(" ".join)
_paragraphs = st.lists(_sentences, min_size=1, max_size=60).map("\n\n".join)


@given(_paragraphs)
def test_plain_text_stays_as_it_is(text):
    messages = render(text)
    assert "\n\n".join(message.plain for message in messages).split() == text.split()


_code_lines = st.lists(st.text("ab <&>`*_[]()#|\\\"'", max_size=60), min_size=1, max_size=300)


@given(_code_lines)
def test_code_arrives_verbatim_across_messages(lines):
    code = "\n".join(line.rstrip() for line in lines)
    fence = "`" * (max(map(len, re.findall("`+", code)), default=0) + 3)
    if not code.strip():
        return
    parts = [
        element["elements"][0]["text"]
        for message in render(f"Before\n\n{fence}py\n{code}\n{fence}\n\nafter")
        for element in orjson.loads(message.text)[0]["elements"]
        if element["type"] == "rich_text_preformatted"
    ]
    lines_of = [line for part in parts for line in part.split("\n") if line]
    assert lines_of == [line for line in code.split("\n") if line]
