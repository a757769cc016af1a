"""Whatever a model writes arrives whole, valid and within Telegram's limits."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from channels.telegram.format import (
    ENTITY_LIMIT,
    HTML_LIMIT,
    TEXT_LIMIT,
    clean,
    is_blank,
    render,
)
from tests.emulators import telegram_html

_MARKUP = (
    *("-", "*", "**", "***", "_", "__", "~~", "`", "``", "[", "](", ")", "![", "<", ">", "&", "|"),
    *("\\", ":", "!", "(", '"', "&amp;", "&lt;b&gt;", "&#0;", "&#x202e;", "<b>", "</pre>"),
    *("](https://x.org/a)", "](b.md)", "](http://localhost)", "[^1]", "<https://x.org>"),
    *("# ", "## ", "- ", "* ", "1. ", "7) ", "> ", ">> ", "    ", "\t", "[ ] ", "[x] ", ". "),
    *("\n", "\n\n", "\n---\n", "\\\n", "```", "```py\n", "\n~~~ a b\n", "[a]: https://b.org 'c'\n"),
    *(" | ", "|\n|", "\n|a|b|\n|-|-|\n|", "|-|:-:|\n", "\\|", "<!channel>"),
)
_CHARACTERS = st.text(
    st.one_of(
        st.characters(codec=None),
        st.sampled_from("\x00\x1b\r\t\u200b\u2028\u202e\u030a\u0301\ud83d\ude00👨‍👩🏽🇩🇪|"),
    ),
    max_size=12,
)
_WORD = re.compile(r"w\d+e")


@st.composite
def _answers(draw) -> str:
    """Markup of every kind in any order, with numbered words in it, sometimes at great length."""
    pieces = draw(
        st.lists(
            st.one_of(
                st.sampled_from(_MARKUP),
                st.just("word"),
                st.just("word"),
                _CHARACTERS,
            ),
            max_size=60,
        )
    )
    times = draw(st.sampled_from([1, 1, 1, 30, 150]))
    text = "".join(pieces * times)
    numbers = iter(range(len(text)))
    return re.sub("word", lambda _: f"w{next(numbers)}e", text)


def _check(source: str) -> str:
    """Every message is one that Telegram takes; gives all that is in them, attributes last."""
    texts, attributes = [], []
    for message in render(source):
        text, entities = telegram_html.parse(message.text)
        assert text == message.plain
        assert telegram_html.utf16_length(text) <= TEXT_LIMIT
        assert len(entities) <= ENTITY_LIMIT
        assert len(message.text.encode()) <= HTML_LIMIT
        assert not telegram_html.is_empty(text)
        assert telegram_html.clean(text) == text
        texts.append(text)
        attributes += [entity.get("url") or entity.get("language", "") for entity in entities]
    return "".join(texts) + "\n" + " ".join(attributes)


@given(_answers())
def test_every_message_is_valid_and_every_word_arrives(source):
    shown = _check(source)
    assert is_blank(shown) is is_blank(clean(source))
    assert set(_WORD.findall(source)) <= set(_WORD.findall(shown))


@given(_CHARACTERS, st.integers(1, 3000))
@example("a\u0301", 10**5)
@example("\u0301", 10**6)
@example("👨‍👩‍👧‍👦", 3000)
@example("\u202e", 5000)
@example("x", 20_000)
@example("`", 10_000)
@example("> ", 3000)
@example("- ", 3000)
@example("[", 3000)
@example("&quot;", 3000)
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
    assert all(message.text == message.plain for message in messages)
    for message in messages:
        assert render(message.plain) == (message,)


_code_lines = st.lists(st.text("ab <&>`*_[]()#|\\\"'", max_size=60), min_size=1, max_size=300)


@given(_code_lines, st.sampled_from(["", "python", "c++", 'x"><b>']))
def test_code_arrives_verbatim_across_messages_with_its_language(lines, language):
    code = "\n".join(line.rstrip() for line in lines)
    fence = "`" * (max(map(len, re.findall("`+", code)), default=0) + 3)
    if not code.strip() or "`" in language:
        return
    parts = []
    for message in render(f"Before\n\n{fence}{language}\n{code}\n{fence}\n\nafter"):
        text, entities = telegram_html.parse(message.text)
        units = text.encode("utf-16-le")
        for entity in entities:
            assert entity["type"] == "pre"
            assert entity.get("language", "") == language
            start, end = entity["offset"], entity["offset"] + entity["length"]
            parts.append(units[2 * start : 2 * end].decode("utf-16-le"))
    assert _lines("\n".join(parts)) == _lines(code)


def _lines(code: str) -> list[str]:
    """Code without its empty lines: those at a cut fall away."""
    return [line for line in code.split("\n") if line]
