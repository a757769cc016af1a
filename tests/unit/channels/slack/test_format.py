"""Markdown as Slack shows it."""

import html

import orjson
import pytest

from channels.slack.format import escape, render
from tests.emulators.slack import blocks as kit


def elements(markdown: str) -> list[dict]:
    (message,) = render(markdown)
    (block,) = orjson.loads(message.text)
    assert block["type"] == "rich_text"
    return block["elements"]


def test_styles_and_links():
    (section,) = elements("a **b** *c* ~~d~~ `e` [f](https://x.org/?a=1&b=2)")
    assert section["type"] == "rich_text_section"
    assert section["elements"] == [
        {"type": "text", "text": "a "},
        {"type": "text", "text": "b", "style": {"bold": True}},
        {"type": "text", "text": " "},
        {"type": "text", "text": "c", "style": {"italic": True}},
        {"type": "text", "text": " "},
        {"type": "text", "text": "d", "style": {"strike": True}},
        {"type": "text", "text": " "},
        {"type": "text", "text": "e", "style": {"code": True}},
        {"type": "text", "text": " "},
        {"type": "link", "url": "https://x.org/?a=1&b=2", "text": "f"},
    ]


def test_blocks_of_text_are_one_section_with_lines_between():
    (section,) = elements("# Title\n\nfirst\n\n- one\n- two")
    text = "".join(e["text"] for e in section["elements"])
    assert text == "Title\n\nfirst\n\n• one\n• two"


def test_quotes_and_code_are_elements_of_their_own():
    kinds = [
        (e["type"], e.get("border"))
        for e in elements("a\n\n> b\n>\n> ```\n> c\n> ```\n\n```\nd\n```")
    ]
    assert kinds == [
        ("rich_text_section", None),
        ("rich_text_quote", None),
        ("rich_text_preformatted", 1),
        ("rich_text_preformatted", None),
    ]


def test_a_table_is_aligned():
    (table,) = elements("| a | b |\n|---|--:|\n| 1 | 22 |\n| 333 | 4 |")
    assert table["type"] == "rich_text_preformatted"
    assert table["elements"][0]["text"] == "a   │  b\n────┼───\n1   │ 22\n333 │  4"


@pytest.mark.parametrize(
    "text",
    [
        "<!channel> <!here> <!everyone> <!subteam^S1|@all>",
        "<@U123ABC> <#C123|general>",
        "@channel @here @everyone",
        "`<!channel>` and **<@U123>**",
        "```\n<!channel>\n```",
        "[<!channel>](https://x.org) <https://x.org|<@U1>>",
        "&lt;!channel&gt; &amp;lt;!channel&amp;gt;",
        "<b>bold</b> & <script>",
        "\x00\x1b[31m \u202e gnp",
    ],
)
def test_what_a_model_writes_pings_nobody_and_is_shown_as_it_stands(text):
    (message,) = render(text)
    shown, pings = kit.read(orjson.loads(message.text))
    assert pings == []
    assert kit.pings_in(escape(message.plain)) == []
    assert kit.shown(escape(message.plain)) == message.plain
    expected = html.unescape(text)
    for word in ("<!channel>", "<@U123>", "<script>"):
        assert (word in shown) is (word in expected)


@pytest.mark.parametrize(
    ("link", "taken"),
    [
        ("https://x.org/a", True), ("http://x.org:8080", True), ("mailto:a@b.org", True),
        ("slack://user?id=U1", False), ("javascript:alert(1)", False), ("https://localhost", False),
        ("file:///etc/passwd", False), ("https://x.org:0", False), ("tel:123", False),
    ],
)  # fmt: skip
def test_only_links_of_the_web_and_mail_stand_behind_words(link, taken):
    (section,) = elements(f"[word](<{link}>)")
    assert (section["elements"][0]["type"] == "link") is taken
    assert taken or link.removeprefix("mailto:") in "".join(e["text"] for e in section["elements"])


def test_code_is_fenced_where_blocks_are_not_shown():
    (message,) = render("before\n\n```py\nx = 1\n```")
    assert message.plain == "before\n\n```\nx = 1\n```"


def test_a_long_text_is_split_and_its_code_stays_code():
    messages = render("```py\n" + "x = 1\n" * 2000 + "```")
    assert len(messages) > 2
    for message in messages:
        ((element,),) = [b["elements"] for b in orjson.loads(message.text)]
        assert element["type"] == "rich_text_preformatted"
