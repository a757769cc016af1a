"""A summary made of a conversation's own sentences, without a model. Pure.

It is what remains when no model can be asked: the sentences that look most like facts (numbers,
names, paths, decisions, questions), something from every part of the conversation, most from its
end. The same words always give the same summary, and it is never longer than it may be.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from agents.tokens import of_text
from agents.transcript import AssistantSays, Said, UserSays

_PARTS = 8
"""Into how many parts a conversation is divided, so that something of each is kept."""
_LONGEST = 240
"""Characters of one sentence; what runs on longer is rarely one."""
_EARLIER_SHARE = 0.5
"""The share of the room for what an earlier summary says, as long as there is that much of it."""

# "Dr. Berg" and "e.g. tea" go on: a sentence seldom ends with so short a word.
_SENTENCE_END = re.compile(r"(?<=\w{3}[.!?…])\s+|(?<=\W[.!?])\s+|(?<=[。！？])|\n+")
_FILLER = re.compile(
    r"\W*((many )?thanks?( you)?( (so|very) much)?|ok(ay)?|yes|no|sure|great|cool|nice|perfect"
    r"|(good )?(morning|evening|night|bye)|hi|hello( there)?|hey|hi there|got it|you'?re welcome"
    r"|danke|merci|gracias|bitte)\W*",
    re.IGNORECASE,
)


def _words(beginnings: str) -> re.Pattern[str]:
    return re.compile(rf"\b({beginnings})", re.IGNORECASE)


_SIGNS: tuple[tuple[re.Pattern[str], float], ...] = (
    (re.compile(r"\d"), 1.5),
    (re.compile(r"https?://|\w@\w|[\w.~-]*/[\w.-]+|`[^`]+`"), 1.5),
    (_words(r"decid|agree|chose|prefer|allerg|remember|importan|deadline|instead"), 2),
    (_words(r"must|never|always|should|need|want|will|promise"), 1),
    (_words(r"(my|our|i am|i'm)\b|called|lives?\b|born|birthday|address|phone|budget"), 1),
    (_words(r"fail|error|passed|fixed|broke|works"), 0.5),
    # A capital that begins no sentence: most likely a name.
    (re.compile(r"(?<=[\w,;] )[^\W\d_a-zß-öø-ÿ]\w+"), 1),
    (re.compile(r"[?？]\s*$"), 0.5),
)
_PERSON = 1.0
_ASSISTANT = "- Assistant: "
_ASKING = frozenset({"about", "everything", "keep", "please", "remember", "that", "what", "with"})
_LONGER_WORD = re.compile(r"\w{4,}")


@dataclass(frozen=True, slots=True)
class _Line:
    """A sentence as it would stand in the summary; `place` orders them."""

    place: int
    text: str
    score: float
    wished: bool


class _Space:
    """The room that is left, counted as `tokens.of_text` counts the whole."""

    def __init__(self) -> None:
        self._plain = 0
        self._other = 0

    def take(self, line: str, room: float) -> bool:
        """Whether the line went in, so that all together need no more than `room`."""
        plain = self._plain + len(line.encode("ascii", "ignore")) + 1
        other = self._other + len(line.encode("utf-8", "replace")) - (plain - self._plain - 1)
        if (plain + 3) // 4 + (other + 2) // 3 > room:
            return False
        self._plain, self._other = plain, other
        return True


def extract(said: Sequence[Said], *, room: int, previous: str = "", wish: str | None = None) -> str:
    """The most telling sentences, in their order, in at most `room` tokens.

    `previous` is an earlier summary, whose lines compete for half of the room. What has words in
    common with `wish` goes first. Tools are left out: the answers say what came of them.
    """
    wished = _wished(wish)
    earlier = _scored(_earlier(previous), 0, wished)
    new = _scored(_sentences(said), len(earlier), wished)
    space = _Space()
    picked = _picked([line for line in earlier + new if line.wished], space, room)
    share = room * _EARLIER_SHARE if new else room
    # What the newer part does not need is left to the earlier one.
    for lines, most in ((earlier, share), (new, room), (earlier, room)):
        there = set(picked)
        picked += _picked([line for line in lines if line not in there], space, most)
    if not picked:
        return _first_words(said, earlier + new, room)
    return "\n".join(line.text for line in sorted(picked, key=lambda line: line.place))


def clipped(text: str, room: int) -> str:
    """As much of the beginning of a text as `room` tokens hold."""
    if of_text(text) <= room:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if of_text(text[:middle] + "…") <= room:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + "…" if low else ""


def _wished(wish: str | None) -> re.Pattern[str] | None:
    """What finds the words of a wish, also in another of their forms."""
    words = [word for word in _LONGER_WORD.findall(wish or "") if word.lower() not in _ASKING]
    stems = [re.escape(word[: max(len(word) - 2, 4)]) for word in words]
    return _words("|".join(stems)) if stems else None


def _earlier(previous: str) -> Iterator[tuple[str, float]]:
    for line in previous.splitlines():
        if line.strip():
            yield line.strip(), 0.0 if line.startswith(_ASSISTANT) else _PERSON


def _sentences(said: Iterable[Said]) -> Iterator[tuple[str, float]]:
    for each in said:
        if isinstance(each, UserSays):
            for sentence in _parted(each.text):
                yield f"- {sentence}", _PERSON
        elif isinstance(each, AssistantSays):
            for sentence in _parted(each.text):
                yield f"{_ASSISTANT}{sentence}", 0.0


def _parted(text: str) -> Iterator[str]:
    for sentence in _SENTENCE_END.split(text):
        words = " ".join(sentence.split())
        if not words or _FILLER.fullmatch(words):
            continue
        yield words if len(words) <= _LONGEST else words[:_LONGEST].rstrip() + "…"


def _scored(
    lines: Iterable[tuple[str, float]], first: int, wished: re.Pattern[str] | None
) -> list[_Line]:
    """The lines with their scores; of those that say the same only the last one."""
    last: dict[str, _Line] = {}
    for place, (text, base) in enumerate(lines, first):
        score = base + sum(weight for sign, weight in _SIGNS if sign.search(text))
        asked_for = wished is not None and wished.search(text) is not None
        last[text.lower()] = _Line(place, text, score, asked_for)
    return sorted(last.values(), key=lambda line: line.place)


def _picked(lines: Sequence[_Line], space: _Space, room: float) -> list[_Line]:
    """Lines that fit: from each part of the conversation the best, the newest part first."""
    length = max(-(-len(lines) // _PARTS), 1)
    parts = [list(lines[at : at + length]) for at in range(0, len(lines), length)]
    for part in parts:
        # The best at the end, where it is taken from; of equals the later one.
        part.sort(key=lambda line: (line.score, line.place))
    picked = []
    while any(parts):
        for part in reversed(parts):
            while part:
                line = part.pop()
                if space.take(line.text, room):
                    picked.append(line)
                    break
    return picked


def _first_words(said: Sequence[Said], lines: Sequence[_Line], room: int) -> str:
    """The beginning of the best line, where none fits as a whole; else of what was said."""
    if lines:
        return clipped(max(lines, key=lambda line: (line.score, line.place)).text, room)
    words = (" ".join(each.text.split()) for each in said if isinstance(each, UserSays))
    return clipped(next(filter(None, words), ""), room)
