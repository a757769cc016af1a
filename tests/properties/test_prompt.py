from datetime import UTC, datetime
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from agents.prompt import said
from agents.transcript import AssistantSays, ToolsSay
from state.history import (
    AssistantEntry,
    CorrectionEntry,
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
senders = st.builds(Sender, texts, texts)
quotes = st.lists(st.builds(Quote, texts, texts, st.booleans(), st.booleans()), max_size=2)
attachments = st.lists(
    st.builds(Attachment, st.sampled_from(AttachmentKind), st.none() | texts), max_size=2
)
_ids = count()


@st.composite
def turns(draw: st.DrawFn) -> list[Entry]:
    """A whole turn: a question with its steps and its answer, or an entry of its own."""
    new = lambda: f"e{next(_ids)}"  # noqa: E731
    kind = draw(st.sampled_from(["turn", "turn", "correction", "summary"]))
    if kind == "correction":
        return [CorrectionEntry(new(), AT, draw(texts), WHERE, draw(senders), "1")]
    if kind == "summary":
        return [SummaryEntry(new(), AT, draw(texts), ("a", "b"), 3)]
    turn, question = new(), new()
    entries: list[Entry] = [
        UserEntry(
            question,
            AT,
            draw(texts),
            WHERE,
            draw(senders),
            "1",
            turn,
            tuple(draw(quotes)),
            tuple(draw(attachments)),
        )
    ]
    for _ in range(draw(st.integers(0, 2))):
        calls = tuple(ToolCall(new(), "x", "{}") for _ in range(draw(st.integers(1, 3))))
        entries.append(AssistantEntry(new(), AT, draw(texts), turn, calls=calls))
        results = [ToolEntry(new(), AT, draw(texts), turn, c.id, c.name) for c in calls]
        entries += draw(st.permutations(results))
    notice = draw(st.sampled_from([None, None, "timeout"]))
    entries.append(AssistantEntry(new(), AT, draw(texts), turn, (question,), notice=notice))
    return entries


@given(st.lists(turns(), max_size=4), st.lists(turns(), max_size=4), st.booleans())
def test_whole_turns_look_the_same_together_and_one_after_the_other(
    before: list[list[Entry]], after: list[list[Entry]], shared: bool
) -> None:
    a = [entry for turn in before for entry in turn]
    b = [entry for turn in after for entry in turn]
    check_batch([*a, *b])
    assert said([*a, *b], shared=shared) == said(a, shared=shared) + said(b, shared=shared)


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
