"""A model's Markdown becomes a tree, and no word of it is left out."""

import pytest

from channels.document import (
    Align,
    CodeBlock,
    Heading,
    Item,
    ListBlock,
    Paragraph,
    Quote,
    Rule,
    Span,
    Style,
    Table,
)
from channels.markdown import LIMIT, MOST_MARKS, parse


def _text(*texts: str) -> tuple[Paragraph, ...]:
    return tuple(Paragraph((Span(text),)) for text in texts)


def test_styles_combine_on_flat_spans():
    assert parse("a **b *c* `d`** ~~e~~") == (
        Paragraph(
            (
                Span("a "),
                Span("b ", Style.BOLD),
                Span("c", Style.BOLD | Style.ITALIC),
                Span(" ", Style.BOLD),
                Span("d", Style.BOLD | Style.CODE),
                Span(" "),
                Span("e", Style.STRIKE),
            )
        ),
    )


def test_blocks_of_every_kind():
    source = "# H\n\np\nq\n\n---\n\n```py\nx\n```\n\n> a\n>\n> - b\n\n1. c\n2. d\n"
    assert parse(source) == (
        Heading(1, (Span("H"),)),
        *_text("p\nq"),
        Rule(),
        CodeBlock("x", "py"),
        Quote((*_text("a"), ListBlock((Item(_text("b")),)))),
        ListBlock((Item(_text("c"), "1."), Item(_text("d"), "2."))),
    )


def test_a_list_with_empty_lines_between_its_items_is_not_tight():
    assert parse("- a\n\n- b") == (ListBlock((Item(_text("a")), Item(_text("b"))), tight=False),)


@pytest.mark.parametrize(
    ("source", "markers"),
    [
        ("1. a\n1. b\n1. c", ["1.", "2.", "3."]),
        ("3) a\n4) b", ["3)", "4)"]),
        ("1. a\n5. b\n9. c", ["1.", "5.", "9."]),
        ("- a\n- b", ["", ""]),
    ],
)
def test_numbers_are_counted_as_the_model_meant_them(source, markers):
    (block,) = parse(source)
    assert isinstance(block, ListBlock)
    assert [item.marker for item in block.items] == markers


def test_a_table_keeps_its_cells_also_where_a_row_has_too_many_or_too_few():
    (table,) = parse("| a | b |\n|:-:|--:|\n| 1 | 2 | 3 | **4** |\n| 5 |")
    assert table == Table(
        ((Span("a"),), (Span("b"),)),
        (
            ((Span("1"),), (Span("2 | 3 | "), Span("4", Style.BOLD))),
            ((Span("5"),), ()),
        ),
        (Align.CENTER, Align.RIGHT),
    )


@pytest.mark.parametrize(
    ("source", "spans"),
    [
        ("[a](b 'c')", [Span("a", link="b"), Span(" (c)")]),
        ("[](https://a.org)", [Span("https://a.org", link="https://a.org")]),
        ("![a](b.png)", [Span("a", link="b.png")]),
        ("![](b.png 't')", [Span("b.png", link="b.png"), Span(" (t)")]),
        ("[![a](b.png)](c)", [Span("a", link="c"), Span(" (b.png)", link="c")]),
        ("[a](javascript:x)", [Span("a", link="javascript:x")]),
        ("<b>x</b> <!-- y -->", [Span("<b>x</b> <!-- y -->")]),
        ("&copy; \\*", [Span("© *")]),
        ("a  \nb\\\nc\nd", [Span("a\nb\nc\nd")]),
    ],
)
def test_links_images_and_html_keep_all_their_words(source, spans):
    assert parse(source) == (Paragraph(tuple(spans)),)


def test_a_link_definition_is_shown_unless_a_link_was_made_of_it():
    assert parse("[a] [b][c]\n\n[a]: x\n[c]: y\n[d]: z\n[a]: w") == (
        Paragraph((Span("a", link="x"), Span(" "), Span("b", link="y"))),
        *_text("[d]: z", "[a]: w"),
    )


def test_footnotes_stay_text():
    assert parse("a[^1]\n\n[^1]: some note") == _text("a[^1]", "[^1]: some note")


@pytest.mark.parametrize(
    ("info", "language", "caption"),
    [
        ("py", "py", ""),
        ('py title="a b"', "py", 'title="a b"'),
        ("", "", ""),
        ("&#10;x", "x", ""),
        ("x" * 40, "", "x" * 40),
    ],
)
def test_what_stands_beside_a_fence_is_its_language_and_a_caption(info, language, caption):
    assert parse(f"```{info}\n\n a \n\n```") == (CodeBlock("\n a \n", language, caption),)


@pytest.mark.parametrize(
    "source",
    [
        ">" * 1000 + " deep",
        "\n".join("  " * depth + "- deep" for depth in range(200)),
        "[" * 300 + "deep" + "](x)" * 300,
        "*" * 999 + "deep" + "*" * 999,
        "> - " * 100 + "deep",
    ],
)
def test_nesting_beyond_reason_becomes_text_and_not_nothing(source):
    assert repr(parse(source)).count("deep") == source.count("deep")


def test_a_text_beyond_the_limit_is_taken_as_it_stands():
    source = "**a** " * (LIMIT // 6 + 1)
    assert parse(source) == _text(source)


def test_a_text_of_little_but_markup_is_taken_as_it_stands():
    source = "![" * (MOST_MARKS // 2 + 1)
    assert parse(source) == _text(source)


def test_a_long_text_with_ordinary_markup_is_read():
    source = "Some **words** in a row, and `code`.\n\n" * 1_000
    blocks = parse(source)
    assert len(blocks) == 1_000
    assert len(blocks[0].spans) == 5
