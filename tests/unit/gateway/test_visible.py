"""What a terminal would obey is shown, never sent."""

import sys
import unicodedata

import pytest

from gateway.visible import one_line, visible

KEPT = {"\n", "\t", "\u200c", "\u200d"}


def test_every_character_that_cannot_be_seen_is_written_out():
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        unseen = unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        if unseen and character not in KEPT:
            assert visible(character).isascii(), f"U+{code:04X}"
        elif unicodedata.category(character) != "Cn":
            assert visible(character) == character, f"U+{code:04X}"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x9b2J", r"\x9b2J"),
        ("user\u202egnp.exe", r"user\u202egnp.exe"),
        ("a\U000e0041b", r"a\U000e0041b"),
        ("Grüße 👨‍👩‍👧 سلام", "Grüße 👨‍👩‍👧 سلام"),
    ],
)
def test_an_escape_sequence_is_shown_as_text(raw, shown):
    assert visible(raw) == shown


def test_a_line_stays_one_line():
    assert one_line("a\nb\tc\r") == r"a\nb\tc\x0d"
