"""Accounts that come, go and change while others go on."""

import asyncio
from pathlib import Path

import pytest

from channels.channel import Condition
from tests.flows.rewritten import ANN, BOB, Desk, accounts, desk
from tests.flows.stage import PATIENCE, Gate


def conditions(there: Desk) -> dict[str, Condition]:
    health = there.stage.gateway.channel_health()
    return {name: each.condition for name, _, each in health if name != "terminal"}


async def test_an_account_that_is_added_is_heard(tmp_path: Path) -> None:
    async with desk(tmp_path, {"channels": accounts()}) as there:
        await there.reloads(channels=accounts(work={}))
        await there.says(ANN, "at work", account="work")
        await there.bot("work").has_sent("echo: at work")
        assert set(conditions(there)) == {"telegram", "work"}
        assert len(there.bots["telegram"]) == 1


@pytest.mark.parametrize("how", ["removed", "disabled"])
async def test_an_account_that_is_taken_away_owes_what_it_owed_and_sends_it_when_it_is_back(
    tmp_path: Path, how: str
) -> None:
    gone = accounts(work={"enabled": False}) if how == "disabled" else accounts()
    async with desk(tmp_path, {"channels": accounts(work={})}) as there:
        model, running = there.stage.model, Gate()
        model.will(running)
        await there.says(ANN, "first", account="work")
        await running.reached.wait()
        await there.says(BOB, "meanwhile", account="work")
        await there.bot("work").has_sent("echo: meanwhile")
        old = there.bot("work")
        await there.reloads(channels=gone)
        assert old.closed
        assert set(conditions(there)) == {"telegram"}
        running.open.set()
        await there.says(ANN, "elsewhere")
        await there.bot().has_sent("echo: elsewhere")
        await there.stage.settled()
        assert [part.part.text for part in await there.stage.ledger.owed()] == ["echo: first"]
        await there.reloads(channels=accounts(work={}))
        await there.bot("work").has_sent("echo: first")
        await there.says(ANN, "second", account="work")
        await there.bot("work").has_sent("echo: first", "echo: second")
        await there.stage.settled()
        assert not await there.stage.ledger.owed()
        assert not await there.stage.ledger.pending()


async def test_an_account_with_another_token_is_begun_anew_and_nothing_else_is(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path, {"channels": accounts(work={})}) as there:
        old, other, calling = there.bot("work"), there.bot(), Gate()
        old.gate = calling
        await there.says(ANN, "first", account="work")
        await calling.reached.wait()
        other_runs = there.stage.gateway.channels["telegram"].health()
        asking = asyncio.create_task(there.reloads(channels=accounts(work={"token": "2:other"})))
        async with asyncio.timeout(PATIENCE):
            while len(there.bots["work"]) < 2:
                await asyncio.wait([asking], timeout=0.01)
        await there.says(ANN, "elsewhere")
        await other.has_sent("echo: elsewhere")
        assert not old.closed, "a call is under way there"
        calling.open.set()
        await asking
        assert there.bots["work"][0].closed
        assert old.sent == ["echo: first"]
        await there.says(ANN, "second", account="work")
        await there.bot("work").has_sent("echo: second")
        assert there.bot("work").token == "2:other"
        assert there.bots["telegram"] == [other]
        assert not other.closed
        assert other_runs.condition is Condition.HEALTHY


async def test_what_an_account_was_owed_before_it_was_there_goes_out_when_it_comes(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path, {"channels": accounts(work={})}) as there:
        there.stage.model.will(gate := Gate())
        await there.says(ANN, "before the end", account="work")
        await gate.reached.wait()
        await there.stage.stop(0.0)
        there.write(channels=accounts(work={"enabled": False}))
        there.stage.channels = lambda _: [there.bots["telegram"][0]]
        there.bots["telegram"][0].closed = False
        there.stage.settings = there.settings
        await there.stage.start()
        assert len(await there.stage.ledger.pending()) == 1
        await there.reloads(channels=accounts(work={}))
        await there.bot("work").has_sent("echo: before the end")
        await there.stage.settled()
        assert not await there.stage.ledger.pending()


async def test_an_account_that_breaks_at_the_end_keeps_no_other_from_its_end(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path, {"channels": accounts(work={})}) as there:
        bot = there.bot()
        bot.breaks_at_end = True
        await there.stage.gateway.stop(PATIENCE)
        assert there.bot("work").closed
        assert there.stage.gateway.vital_signs.loop.lag == 0.0, "it is measured no longer"
        bot.breaks_at_end = False
