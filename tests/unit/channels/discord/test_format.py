"""Markdown as Discord shows it."""

import pytest

from channels.discord.format import TEXT_LIMIT, render


def one(markdown: str) -> str:
    (part,) = render(markdown)
    return part.text


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("plain words, 3 - 2 = 1.", "plain words, 3 - 2 = 1."),
        ("snake_case_name stays", "snake_case_name stays"),
        ("**bold** and *thin* and ~~gone~~", "**bold** and *thin* and ~~gone~~"),
        ("***both***", "***both***"),
        ("**a***b*", "**a**\u200b*b*"),
        ("2 \\* 3 \\_x\\_", "2 \\* 3 \\_x\\_"),
        ("`code_*_`", "`code_*_`"),
        ("``a`b``", "``a`b``"),
        ("\\# no heading", "\\# no heading"),
        ("\\> no quote", "\\> no quote"),
        ("see https://a.b/c_d__e_f", "see https://a.b/c_d__e_f"),
        ("[words](https://a.b/c_(d))", "[words](<https://a.b/c_(d)>)"),
        ("[https://x.y](https://evil.example)", "[https:\u200b//x.y](<https://evil.example>)"),
        ("# Title", "**Title**"),
        ("> said\n> she", "> said\n> she"),
        ("- one\n- two", "• one\n• two"),
        ("```py\nx = 1\n```", "```py\nx = 1\n```"),
        ("||secret||", "\\|\\|secret\\|\\|"),
    ],
)
def test_markup_is_discords(markdown: str, text: str) -> None:
    assert one(markdown) == text


@pytest.mark.parametrize(
    "text",
    ["@everyone", "@here", "<@123456789012345678>", "<@!1>", "<@&1>", "<#1>", "</a:1>", "<:a:1>",
     "<t:0>"],
)  # fmt: skip
def test_what_would_notify_or_resolve_is_taken_apart(text: str) -> None:
    assert text not in one(f"look: {text}")
    assert one(f"look: {text}").replace("\u200b", "") == f"look: {text}"


def test_a_table_is_aligned_in_a_block() -> None:
    text = one("| a | bb |\n|---|---:|\n| 1 | 2 |")
    assert text == "```\na │ bb\n──┼───\n1 │  2\n```"


def test_a_fence_cannot_be_left_from_inside() -> None:
    text = one("````\n```\n@everyone\n````")
    assert text.count("```") == 2


def test_a_long_block_is_fenced_in_every_part() -> None:
    code = "\n".join(f"line {n} = {n}" for n in range(400))
    parts = render(f"Here:\n\n```py\n{code}\n```\n\nDone.")
    assert len(parts) > 2
    for part in parts:
        assert len(part.text) <= TEXT_LIMIT
        assert part.text.count("```") % 2 == 0
    lines = [line for part in parts for line in part.text.split("\n") if line.startswith("line")]
    assert lines == code.split("\n")


def test_a_very_long_answer_is_whole_and_within_the_limit() -> None:
    section = (
        "## Part\n\nSome **words** with `code_x` and https://a.b/c_d.\n\n- one\n- two\n\n"
        "| a | b |\n|---|---|\n| 1 | 2 |\n\n```py\nx = '😀'\n```\n\n> a quote\n\n"
    )
    parts = render(section * 150)
    assert all(len(p.text.encode("utf-16-le")) // 2 <= TEXT_LIMIT for p in parts)
    shown = " ".join(p.text for p in parts)
    assert shown.count("Some **words** with `code_x` and https://a.b/c_d.") == 150
    assert shown.count("x = '😀'") == 150


def test_nothing_visible_is_no_message() -> None:
    assert render("") == render(" \n\u200b\u2060") == ()


def test_control_characters_are_gone() -> None:
    assert one("a\x00b\x1bc\u202ed\x7f") == "a b cd"
