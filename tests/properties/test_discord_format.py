"""Whatever a model writes, Discord takes it: whole, within the limit, and nobody is notified."""

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from channels.discord.format import TEXT_LIMIT, is_blank, render

_PIECES = st.sampled_from(
    ["**", "*", "_", "__", "`", "```", "```py\n", "~~", "||", "> ", "\n", "\n\n", "# ", "- ", "1. ",
     "| a | b |\n|---|---|\n| 1 | 2 |\n", "@everyone", "<@123456789012345678>", "<#1>", "[a](b)",
     "[a](http://x.y/z_(a)_b)", "https://a.b/c_d__e", "\\", "<!channel>", "word ", "x" * 50, "é",
     "👩\u200d💻", "\u202e", "\x00", "]", "(", "*" * 40, "_" * 40, " " * 30]
)  # fmt: skip
_TEXTS = st.one_of(st.text(max_size=400), st.lists(_PIECES, max_size=120).map("".join))
_MANY = st.lists(_PIECES, min_size=50, max_size=300).map(lambda parts: "".join(parts) * 4)
_PING = re.compile(r"@everyone|@here|<@[!&]?\d")


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@given(st.one_of(_TEXTS, _MANY))
@settings(max_examples=300, deadline=None)
@example("@everyone" * 400)
@example("`" * 5000)
@example("*_" * 3000)
def test_every_part_is_within_the_limit_and_can_be_seen(text: str) -> None:
    for part in render(text):
        assert 0 < _units(part.text) <= TEXT_LIMIT
        assert not is_blank(part.plain)


@given(st.one_of(_TEXTS, _MANY))
@settings(max_examples=200, deadline=None)
def test_fences_are_closed_in_every_part(text: str) -> None:
    for part in render(text):
        fences = [line for line in part.text.split("\n") if re.match(r"(> )*```", line)]
        assert len(fences) % 2 == 0


@given(_TEXTS)
@settings(max_examples=200, deadline=None)
@example("# ```\r```@everyone```")
def test_nobody_is_notified_outside_of_code(text: str) -> None:
    for part in render(text):
        # An escaped backtick begins no code, and within code nothing is escaped.
        outside = re.sub(r"\\.|```.*?```|``.*?``|`[^`]*`", "", part.text, flags=re.DOTALL)
        outside = re.sub(r"https?://\S+", "", outside)
        assert not _PING.search(outside)


@given(st.text(alphabet=st.characters(codec="utf-8", categories=["L", "N"]), min_size=1))
@settings(max_examples=100, deadline=None)
def test_ordinary_words_are_left_alone(text: str) -> None:
    assert "".join(part.text for part in render(text)) == text or is_blank(text)
