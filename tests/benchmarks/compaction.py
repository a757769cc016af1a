"""What a summary saves, and what it costs."""

import re
from collections.abc import AsyncGenerator
from itertools import cycle, islice

from structlog.testing import capture_logs

from agents.models.model import ModelAnswer, ModelEvent, ModelRequest
from agents.tokens import of_said, of_text
from agents.transcript import UserSays
from state.history import Entry, SummaryEntry
from tests.benchmarks.table import Figure
from tests.benchmarks.talk import Missing
from tests.flows.stage import SUMMARISING, ScriptedModel, stage

_ASKED = re.compile(r"in at most (\d+) words")
_TEXT = "the harbour of Bergen opens at seven and boats to the islands leave every hour"


class Wordy(ScriptedModel):
    """Writes summaries as long as it is allowed to; `spent` are the tokens of these calls."""

    spent = 0

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        if request.system != SUMMARISING:
            async for event in super().stream(request):
                yield event
            return
        (question,) = request.turn
        found = _ASKED.search(question.text) if isinstance(question, UserSays) else None
        if found is None:
            raise Missing("nobody said how long the summary may be")
        text = _prose(int(found[1]))
        self.spent += of_text(request.system) + of_said(question) + of_text(text)
        yield ModelAnswer(text, model=self.name)


async def of_twenty_messages() -> list[Figure]:
    """Of 38 messages of 400 tokens, the oldest 20 are summarised."""
    model = Wordy()
    with capture_logs():
        entries = await _talked(model)
    summaries = [each for each in entries if isinstance(each, SummaryEntry)]
    if [each.messages for each in summaries] != [20]:
        raise Missing("the oldest twenty messages were not summarised")
    replaced = sum(_tokens(each) for each in entries[:20])
    # What stands for them is the first thing that the last question came with.
    saved = replaced - of_said(model.requests[-1][0])
    return [
        Figure("tokens of 20 messages", "", [replaced], "8,000"),
        Figure("reduction by their summary", "%", [100 * saved / replaced], ">= 94"),
        Figure("break-even after", "messages", [model.spent / saved], "<= 2"),
    ]


async def _talked(model: Wordy) -> tuple[Entry, ...]:
    settings = {"agents": {"defaults": {"session": {"max_messages": 50}}}}
    async with stage(model=model, settings=settings) as argent:
        for number in range(20):
            await argent.says(f"{number}: {_prose(300)}")
            await argent.hears()
        return await argent.history()


def _prose(words: int) -> str:
    return " ".join(islice(cycle(_TEXT.split()), words))


def _tokens(entry: Entry) -> int:
    return of_said(UserSays(getattr(entry, "content", "")))
