"""The emulator's reading of Telegram's HTML is the Bot API's."""

import pytest

from tests.emulators.telegram_html import clean, is_empty, parse


@pytest.mark.parametrize(
    ("html", "text", "entities"),
    [
        ("", "", []),
        ("a &lt;b&gt; &amp; &quot;c&#34; &#x1F600;", 'a <b> & "c" 😀', []),
        ("<b>x</b>", "x", [{"type": "bold", "offset": 0, "length": 1}]),
        ("😀<EM>x😀</EM>", "😀x😀", [{"type": "italic", "offset": 2, "length": 3}]),
        (
            "<b>a<i>b</i></b>",
            "ab",
            [
                {"type": "bold", "offset": 0, "length": 2},
                {"type": "italic", "offset": 1, "length": 1},
            ],
        ),
        (
            '<a href="https://x.org/?a=1&amp;b=&quot;2">y</a>',
            "y",
            [{"type": "text_link", "offset": 0, "length": 1, "url": 'https://x.org/?a=1&b="2'}],
        ),
        (
            '<pre><code class="language-c++">x</code></pre>',
            "x",
            [{"type": "pre", "offset": 0, "length": 1, "language": "c++"}],
        ),
        ("<pre>x</pre>", "x", [{"type": "pre", "offset": 0, "length": 1}]),
        (
            "<blockquote expandable>x</blockquote>",
            "x",
            [{"type": "expandable_blockquote", "offset": 0, "length": 1}],
        ),
        (
            '<span class="tg-spoiler">x</span>',
            "x",
            [{"type": "spoiler", "offset": 0, "length": 1}],
        ),
    ],
)
def test_markup_becomes_text_and_entities(html, text, entities):
    assert parse(html) == (text, entities)
    assert parse(html, strict=False) == (text, entities)


@pytest.mark.parametrize(
    ("html", "message"),
    [
        ("é<abac>", 'Unsupported start tag "abac" at byte offset 2'),
        ("<b", "Unclosed start tag at byte offset 0"),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<i>a</em >", 'Unmatched end tag at byte offset 4, expected "</i>", found "</em>"'),
        ("<b><i>x</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
        ("<i>a</i  ", "Unclosed end tag at byte offset 4"),
        ('<a href="x', "Unclosed start tag at byte offset 0"),
        ("<a href=https://x.org>x</a>", "Unexpected end of name token at byte offset 8"),
        ("<i =aba>x</i>", 'Empty attribute name in the tag "i" at byte offset 0'),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
    ],
)
def test_broken_markup_is_refused_in_the_words_of_the_bot_api(html, message):
    for strict in (True, False):
        with pytest.raises(ValueError) as refused:
            parse(html, strict=strict)
        assert str(refused.value) == f"can't parse entities: {message}"


@pytest.mark.parametrize(
    "html",
    [
        "&nbsp;",
        "a & b",
        "a > b",
        "<b></b>",
        "<code><b>x</b></code>",
        "<b><code>x</code></b>",
        "<blockquote>a<blockquote>b</blockquote></blockquote>",
        '<a href="https://localhost/">x</a>',
        '<a href="javascript:alert(1)">x</a>',
        '<b class="x">y</b>',
        '<pre>a<code class="language-x">b</code></pre>',
    ],
)
def test_strictly_read_what_the_server_forgives_is_refused(html):
    parse(html, strict=False)
    with pytest.raises(ValueError, match="can't parse entities"):
        parse(html)


def test_half_a_surrogate_pair_is_no_text():
    with pytest.raises(ValueError, match="UTF-8"):
        parse("\ud83d")
    with pytest.raises(ValueError, match="surrogate"):
        parse("&#xD83D;")


def test_what_cannot_be_seen_is_an_empty_message():
    assert is_empty(" \n\t\x00\u200b\u2800\u202e")
    assert not is_empty("\u200bx")
    assert clean("a\tb\r\u202ec\x00") == "a bc "
