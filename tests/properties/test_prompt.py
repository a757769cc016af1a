from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from agents.prompt import said
from agents.revisions import revisions
from agents.transcript import AssistantSays, Media, ToolsSay
from state.history import (
    AssistantEntry,
    CorrectionEntry,
    DeletionEntry,
    Entry,
    SummaryEntry,
    ToolCall,
    ToolEntry,
    UserEntry,
    check_batch,
)
from state.keys import Address
from state.messages import Attachment, AttachmentKind, Quote, Sender

AT = datetime(2026, 1, 30, tzinfo=UTC)
WHERE = Address("telegram", "1")
texts = st.text(max_size=20)
senders = st.builds(Sender, st.sampled_from("78"), texts)
messages = st.sampled_from("1234")
quotes = st.lists(st.builds(Quote, texts, texts, st.booleans(), st.booleans()), max_size=2)
attachments = st.lists(
    st.builds(
        Attachment,
        st.sampled_from(AttachmentKind),
        st.none() | texts,
        file=st.sampled_from([None, "att-1", "att-2"]),
    ),
    max_size=2,
)
_ids = count()


@st.composite
def turns(draw: st.DrawFn) -> list[Entry]:
    """A whole turn: a question with its steps and its answer, or an entry of its own."""
    new = lambda: f"e{next(_ids)}"  # noqa: E731
    kind = draw(st.sampled_from(["turn", "turn", "correction", "deletion", "summary"]))
    if kind == "correction":
        return [CorrectionEntry(new(), AT, draw(texts), WHERE, draw(senders), draw(messages))]
    if kind == "deletion":
        return [DeletionEntry(new(), AT, WHERE, draw(messages))]
    if kind == "summary":
        return [SummaryEntry(new(), AT, draw(texts), ("a", "b"), 3)]
    turn = new()
    entries: list[Entry] = [
        UserEntry(
            new(),
            AT,
            draw(texts),
            WHERE,
            draw(senders),
            draw(messages),
            turn,
            tuple(draw(quotes)),
            tuple(draw(attachments)),
        )
        for _ in range(draw(st.integers(1, 3)))
    ]
    asked = tuple(entry.id for entry in entries)
    for _ in range(draw(st.integers(0, 2))):
        calls = tuple(ToolCall(new(), "x", "{}") for _ in range(draw(st.integers(1, 3))))
        entries.append(AssistantEntry(new(), AT, draw(texts), turn, calls=calls))
        results = [ToolEntry(new(), AT, draw(texts), turn, c.id, c.name) for c in calls]
        entries += draw(st.permutations(results))
    notice = draw(st.sampled_from([None, None, "timeout"]))
    entries.append(AssistantEntry(new(), AT, draw(texts), turn, asked, notice=notice))
    return entries


@given(st.lists(turns(), max_size=4), st.lists(turns(), max_size=4), st.booleans())
def test_whole_turns_look_the_same_together_and_one_after_the_other(
    before: list[list[Entry]], after: list[list[Entry]], shared: bool
) -> None:
    a = [entry for turn in before for entry in turn]
    b = [entry for turn in after for entry in turn]
    check_batch([*a, *b])
    facts: dict[str, Any] = {
        "shared": shared,
        "revisions": revisions([*a, *b]),
        "media": {"att-1": Media("image/png", b"1")},
    }
    assert said([*a, *b], **facts) == said(a, **facts) + said(b, **facts)


@given(st.lists(turns(), max_size=6), st.booleans())
def test_deleted_words_are_not_seen(history: list[list[Entry]], shared: bool) -> None:
    entries = [entry for turn in history for entry in turn]
    gone = {entry.message for entry in entries if isinstance(entry, DeletionEntry)}
    entries = [
        replace(entry, content="a secret")
        if isinstance(entry, UserEntry | CorrectionEntry) and entry.message in gone
        else entry
        for entry in entries
    ]
    seen = said(entries, shared=shared, revisions=revisions(entries))
    assert "a secret" not in str(seen)


@given(st.lists(turns(), max_size=4))
def test_every_call_is_followed_by_its_results_in_the_calls_order(
    history: list[list[Entry]],
) -> None:
    seen = said(entry for turn in history for entry in turn)
    for position, part in enumerate(seen):
        if isinstance(part, AssistantSays) and part.calls:
            results = seen[position + 1]
            assert isinstance(results, ToolsSay)
            assert [r.call for r in results.results] == [call.id for call in part.calls]
