"""Judges a recorded day of a gateway that was killed now and then; does no I/O.

Every message that people say holds a word of its own, `word(n)`, and the model repeats what it is
told, so that each answer says which message it answers.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from state.store import Counts

_WORD = re.compile(r"#\d+#")


def word(number: int) -> str:
    """What makes the message with this number unlike every other."""
    return f"#{number}#"


def word_in(text: str) -> str | None:
    """The word that a text holds, if any."""
    found = _WORD.search(text)
    return found[0] if found else None


@dataclass(frozen=True, slots=True)
class Line:
    """Something said or sent in a chat, at a time on one clock (seconds)."""

    chat: str
    text: str
    at: float


@dataclass(frozen=True, slots=True)
class Record:
    """What happened: on the platform's side, and on the disk at the end.

    `said` and `sent` are in the order of the platform. `histories` are the bytes of each session's
    history.json. `once` are the beginnings of the names of chats in which nothing is ever shown
    twice, because the platform knows what was sent before.
    """

    said: Sequence[Line]
    sent: Sequence[Line]
    kills: Sequence[float] = ()
    histories: Mapping[str, bytes] = field(default_factory=dict)
    counts: Counts = Counts()
    once: tuple[str, ...] = ()


def faults(record: Record) -> list[str]:
    """Everything that is wrong, in sentences; an empty list when every promise was kept."""
    return [
        *_lost(record),
        *_crossed(record),
        *_reordered(record),
        *_repeated(record),
        *_stored(record),
        *_counted(record),
    ]


def _lost(record: Record) -> Iterator[str]:
    answered = {word_in(line.text) for line in record.sent}
    for line in record.said:
        if word_in(line.text) not in answered:
            yield f"lost: {line.text!r} in {line.chat} has no answer"


def _crossed(record: Record) -> Iterator[str]:
    chats = {word_in(line.text): line.chat for line in record.said}
    for line in record.sent:
        asked = word_in(line.text)
        if asked is None or asked not in chats:
            yield f"strange: {line.chat} got {line.text!r}, which answers nothing"
        elif chats[asked] != line.chat:
            yield f"crossed: {line.chat} got the answer to {line.text!r} from {chats[asked]}"


def _reordered(record: Record) -> Iterator[str]:
    said, sent = _words_by_chat(record.said), _words_by_chat(record.sent)
    for chat, answers in sent.items():
        first = list(dict.fromkeys(answers))
        expected = [each for each in said.get(chat, ()) if each in set(first)]
        if [each for each in first if each in set(expected)] != expected:
            yield f"reordered: {chat} said {expected} and got {first}"


def _repeated(record: Record) -> Iterator[str]:
    """A repeat stands on both sides of a kill, and the ledger knows of it."""
    times: dict[tuple[str, str | None], list[float]] = defaultdict(list)
    for line in record.sent:
        times[line.chat, word_in(line.text)].append(line.at)
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
    kept: dict[str, list[str | None]] = {}
    for session, data in record.histories.items():
        try:
            entries = json.loads(data)
            asked = [e for e in entries if e["role"] == "user"]
            yield from _unfinished(session, asked, entries)
        except (ValueError, KeyError, TypeError) as error:
            yield f"unreadable: {session}: {error!r}"
            continue
        words = [word_in(entry["content"]) for entry in asked]
        owners = {chats.get(each or "") for each in words}
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


def _words_by_chat(lines: Sequence[Line]) -> dict[str, list[str | None]]:
    chats: dict[str, list[str | None]] = defaultdict(list)
    for line in lines:
        chats[line.chat].append(word_in(line.text))
    return chats
