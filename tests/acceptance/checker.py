"""Judges a recorded day of a gateway that was killed now and then; does no I/O.

Every message that people say holds a word of its own, `word(n)`, and the model repeats what it is
told, so that each answer says which messages it answers, and whether it is whole. What a chat shows
is what is there in the end, after all edits and deletions.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

from state.store import Counts

_WORD = re.compile(r"#\d+#")


def word(number: int) -> str:
    """What makes the message with this number unlike every other."""
    return f"#{number}#"


def words_in(text: str) -> tuple[str, ...]:
    """The words that a text holds, in their order."""
    return tuple(dict.fromkeys(_WORD.findall(text)))


@dataclass(frozen=True, slots=True)
class Line:
    """Something said or sent in a chat, at a time on one clock (seconds)."""

    chat: str
    text: str
    at: float


@dataclass(frozen=True)
class Record:
    """What happened: on the platform's side, and on the disk at the end.

    `said` and `sent` are in the order of the platform; `sent` is what is shown in the end, at the
    time when it was new. `histories` are the bytes of each session's
    history.json. `once` are the beginnings of the names of chats in which nothing is ever shown
    twice, because the platform knows what was sent before.
    """

    said: Sequence[Line]
    sent: Sequence[Line]
    kills: Sequence[float] = ()
    histories: Mapping[str, bytes] = field(default_factory=dict)
    counts: Counts = Counts()
    once: tuple[str, ...] = ()

    @cached_property
    def texts(self) -> Mapping[str, str]:
        """What was said, by the word in it."""
        return {each: line.text for line in self.said for each in words_in(line.text)}


def faults(record: Record) -> list[str]:
    """Everything that is wrong, in sentences; an empty list when every promise was kept."""
    return [
        *_lost(record),
        *_crossed(record),
        *_reordered(record),
        *_repeated(record),
        *_left(record),
        *_stored(record),
        *_counted(record),
    ]


def repeats(record: Record) -> int:
    """How many whole answers were shown once more, allowed or not."""
    shown = Counter((line.chat, words_in(line.text)) for line in _whole(record))
    return sum(times - 1 for (_, answer), times in shown.items() if answer)


def _lost(record: Record) -> Iterator[str]:
    answered = {each for line in _whole(record) for each in words_in(line.text)}
    for line in record.said:
        if not answered.issuperset(words_in(line.text)):
            yield f"lost: {line.text!r} in {line.chat} has no answer"


def _crossed(record: Record) -> Iterator[str]:
    chats = {each: line.chat for line in record.said for each in words_in(line.text)}
    for line in record.sent:
        asked = words_in(line.text)
        if not asked or not chats.keys() >= set(asked):
            yield f"strange: {line.chat} got {line.text!r}, which answers nothing"
        for each in asked:
            if chats.get(each, line.chat) != line.chat:
                yield f"crossed: {line.chat} got the answer to {each} from {chats[each]}"


def _reordered(record: Record) -> Iterator[str]:
    said, sent = _words_by_chat(record.said), _words_by_chat(_whole(record))
    for chat, answers in sent.items():
        first = list(dict.fromkeys(answers))
        expected = [each for each in said.get(chat, ()) if each in set(first)]
        if [each for each in first if each in set(expected)] != expected:
            yield f"reordered: {chat} said {expected} and got {first}"


def _repeated(record: Record) -> Iterator[str]:
    """A repeat stands on both sides of a kill, and the ledger knows of it."""
    times: dict[tuple[str, tuple[str, ...]], list[float]] = defaultdict(list)
    for line in _whole(record):
        times[line.chat, words_in(line.text)].append(line.at)
    yield from _answered_twice(times)
    repeats: Counter[str] = Counter()
    for (chat, answer), sendings in times.items():
        for before, after in pairwise(sendings):
            repeats[chat] += 1
            if not any(before <= kill <= after for kill in record.kills):
                yield f"repeated: {chat} got {answer} twice, and no kill between"
            elif chat.startswith(record.once):
                yield f"repeated: {chat} got {answer} twice, where nothing comes twice"
    for chat, number in repeats.items():
        if number > len(record.kills):
            yield f"repeated: {chat} got {number} repeats, of {len(record.kills)} kills"
    known = record.counts.repeated
    if repeats.total() > known:
        yield f"silent: {repeats.total()} repeats, of which the ledger knows {known}"


def _answered_twice(answers: Collection[tuple[str, tuple[str, ...]]]) -> Iterator[str]:
    """A message is answered in one way: alone, or together with certain others."""
    times = Counter((chat, each) for chat, answer in answers for each in answer)
    for (chat, each), number in times.items():
        if number > 1:
            yield f"repeated: {chat} got {number} answers to {each}"


def _left(record: Record) -> Iterator[str]:
    """A part of an answer stays only if it was being shown for the first time at a kill."""
    left: Counter[str] = Counter()
    for line in record.sent:
        if _is_whole(line, record):
            continue
        left[line.chat] += 1
        if line.chat.startswith(record.once) or not any(k > line.at for k in record.kills):
            yield f"left: {line.chat} still shows {line.text!r}"
    for chat, number in left.items():
        if number > len(record.kills):
            yield f"left: {chat} shows parts of {number} answers, of {len(record.kills)} kills"


def _whole(record: Record) -> list[Line]:
    """What was sent, without what shows a part of an answer only."""
    return [line for line in record.sent if _is_whole(line, record)]


def _is_whole(line: Line, record: Record) -> bool:
    """Whether it repeats all that was said of whatever it repeats."""
    return all(record.texts.get(each, each) in line.text for each in words_in(line.text))


def _counted(record: Record) -> Iterator[str]:
    counts = record.counts
    if counts.pending or counts.owed or counts.failed_parts:
        yield f"unfinished: {counts}"
    if counts.outcomes != ({"replied": len(record.said)} if record.said else {}):
        yield f"miscounted: {len(record.said)} messages, but {counts.outcomes}"


# Files -------------------------------------------------------------------------------------------


def _stored(record: Record) -> Iterator[str]:
    said = _words_by_chat(record.said)
    chats = {each: chat for chat, words in said.items() for each in words}
    kept: dict[str, list[str]] = {}
    for session, data in record.histories.items():
        try:
            entries = json.loads(data)
            asked = [e for e in entries if e["role"] == "user"]
            yield from _unfinished(session, asked, entries)
        except (ValueError, KeyError, TypeError) as error:
            yield f"unreadable: {session}: {error!r}"
            continue
        words = [each for entry in asked for each in words_in(entry["content"])]
        owners = {chats.get(each) for each in words}
        if len(owners) > 1:
            yield f"mixed: {session} holds the words of {owners}"
        for owner in owners:
            kept[owner or ""] = words
    for chat, words in said.items():
        if kept.get(chat) != words:
            yield f"misremembered: {chat} said {words}, and {kept.get(chat)} was kept"


def _unfinished(
    session: str, asked: Sequence[dict[str, Any]], entries: Sequence[dict[str, Any]]
) -> Iterator[str]:
    ends = Counter(each for entry in entries for each in entry.get("re", ()))
    for entry in asked:
        if ends[entry["id"]] != 1:
            yield f"finished {ends[entry['id']]} times: {entry['content']!r} in {session}"


def _words_by_chat(lines: Sequence[Line]) -> dict[str, list[str]]:
    chats: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        chats[line.chat] += words_in(line.text)
    return chats
