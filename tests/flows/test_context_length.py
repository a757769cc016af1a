"""How long a context is said to be: a provider's count, and an estimate of what came since."""

from agents.errors import Overloaded
from state.history import Usage
from tests.flows.stage import Stage, stage

LONG = "and so on " * 400
"""About a thousand tokens."""


async def length(argent: Stage) -> int:
    (row,) = await argent.ledger.listing()
    return row.context_tokens


async def test_what_a_provider_counted_is_the_length() -> None:
    async with stage() as argent:
        argent.model.usage = Usage(150, 20)
        await argent.says("one")
        await argent.hears()
        assert await length(argent) == 170


async def test_what_came_since_is_estimated() -> None:
    async with stage() as argent:
        argent.model.usage = Usage(150, 20)
        await argent.says("one")
        await argent.hears()
        argent.model.will(Overloaded("busy"))
        await argent.says(LONG)
        await argent.hears()
        assert 170 + 900 < await length(argent) < 170 + 1200


async def test_without_a_count_all_of_it_is_estimated() -> None:
    async with stage() as argent:
        await argent.says("one")
        await argent.hears()
        before = await length(argent)
        argent.model.will("short")
        await argent.says(LONG)
        await argent.hears()
        assert before + 900 < await length(argent) < before + 1200


async def test_an_estimate_is_corrected_by_what_the_model_counted_before() -> None:
    async with stage() as argent:
        await argent.says(LONG)
        await argent.hears()
        estimated = await length(argent)
        argent.model.usage = Usage(estimated * 2, 0)
        await argent.says("one")
        await argent.hears()
        argent.model.will(Overloaded("busy"))
        await argent.says(LONG)
        await argent.hears()
        assert estimated * 2 + 1500 < await length(argent) < estimated * 2 + 2300
