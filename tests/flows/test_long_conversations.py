"""A conversation of two thousand messages with a model of 32k tokens, on the disk."""

from pathlib import Path
from statistics import mean

import orjson
import pytest

from agents.tokens import of_text
from state.files import open_state
from state.files.layout import Layout
from state.files.search.finding import find
from state.files.search.query import Query
from state.history import SummaryEntry, UserEntry
from tests.emulators.llm import Asked
from tests.flows.test_compaction import SESSION, Summarising, talking

WINDOW = 32_000
FACTS = {0: "the locker's code is 4711", 2: "Ida is allergic to nuts"}


def question(number: int) -> str:
    planted = f"Remember: {FACTS[number]}.\n" if number in FACTS else ""
    return f"{planted}question {number}" + " lorem ipsum dolor" * 50


def tokens(asked: Asked) -> int:
    return of_text(orjson.dumps(asked.body).decode())


async def talked(folder: Path, turns: int) -> Summarising:
    """So many turns: what the model is shown stays small, and nothing is lost."""
    llm, state = Summarising(), await open_state(folder)
    state.search.start()
    stores = {"sessions": state.sessions, "ledger": state.ledger}
    try:
        async with talking(llm, window=WINDOW, stores=stores) as argent:
            for number in range(turns):
                await argent.says(question(number))
                await argent.hears()
            entries = await argent.history()
            loaded = await argent.sessions.load(SESSION)
        await state.search.caught_up()
    finally:
        await state.close()
    assert max(map(tokens, llm.asked)) <= WINDOW
    assert all(fact in llm.last[1][1] for fact in FACTS.values()), "what it was told is forgotten"
    asked = [entry for entry in entries if isinstance(entry, UserEntry)]
    assert [entry.content for entry in asked] == [question(number) for number in range(turns)]
    assert any(isinstance(entry, SummaryEntry) for entry in entries)
    assert loaded is not None
    assert loaded.session.messages == 2 * turns
    for number, entry in enumerate(asked):
        found = find(Layout(folder), Query.parse(f'"question {number}"'))
        assert entry.id in {hit.entry for hit in found.hits}, f"question {number} is not found"
    return llm


async def test_a_long_conversation_stays_within_the_model_and_keeps_its_facts(
    tmp_path: Path,
) -> None:
    await talked(tmp_path, 150)


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_two_thousand_messages_stay_within_the_model_and_cost_as_much_each_as_ever(
    tmp_path: Path,
) -> None:
    llm = await talked(tmp_path, 1_000)
    costs = list(map(tokens, llm.turns))
    fifths = [mean(costs[at : at + 200]) for at in range(0, 1_000, 200)]
    assert max(fifths[1:]) <= 1.1 * min(fifths[1:]), fifths
    summaries = len(llm.asked) - len(llm.turns)
    assert summaries <= 1_000 // 20, "it does little else than to summarise"
