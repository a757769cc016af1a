"""Settings that change while people talk: nobody loses a word, and no turn sees half of them."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from agents.agent import Agent
from agents.config import AgentSettings
from agents.errors import NotConfigured
from agents.sandbox.choosing import Found
from agents.sandbox.config import SandboxSettings
from gateway.config_errors import ConfigError
from gateway.notices import notice
from gateway.sandboxing import Sandboxing
from state.keys import SessionType
from state.trust import Trust
from tests.flows.rewritten import ANN, BOB, accounts, desk
from tests.flows.stage import PATIENCE, Gate, ScriptedModel, words
from tests.flows.test_workspaces import Shell


def prompt(text: str) -> dict[str, Any]:
    return {"defaults": {"system_prompt": text}}


async def test_a_policy_holds_from_the_next_message_on(tmp_path: Path) -> None:
    closed = accounts(telegram={"dm_policy": "allowlist"})
    async with desk(tmp_path, {"channels": closed}) as there:
        await there.says(BOB, "let me in")
        reloaded = await there.reloads(channels=accounts())
        assert [each.name for each in reloaded.taken] == ["channels.telegram.dm_policy"]
        await there.says(BOB, "and now")
        await there.bot().has_sent("echo: and now")
        assert len(there.bots["telegram"]) == 1, "a policy needs no other bot"


async def test_an_owner_of_now_is_one_at_once_and_one_of_before_no_longer(tmp_path: Path) -> None:
    async with desk(tmp_path, {"channels": accounts(telegram={"owners": ["1"]})}) as there:
        await there.reloads(channels=accounts(telegram={"owners": ["2"]}))
        await there.says(ANN, "hello")
        await there.says(BOB, "hello")
        await there.stage.settled()
        keys = {str(row.key) for row in await there.stage.ledger.listing()}
        assert keys == {"telegram:1:dm", "telegram:2:main"}


async def test_a_turn_that_runs_ends_with_what_it_began_with(tmp_path: Path) -> None:
    given = {"channels": accounts(), "agents": prompt("Be kind.")}
    async with desk(tmp_path, given) as there:
        model, gate = there.stage.model, Gate()
        model.will(gate)
        await there.says(ANN, "first")
        await gate.reached.wait()
        await there.reloads(agents=prompt("Be brief."))
        await there.says(ANN, "second")
        await there.says(BOB, "third")
        await there.bot().has_sent("echo: third")
        gate.open.set()
        await there.stage.settled()
        assert [system.partition(".")[0] for system in model.systems] == [
            "Be kind",
            "Be brief",
            "Be brief",
        ]
        assert words(model.requests[-1])[:3] == ["first", "echo: first", "second"]


async def test_another_model_answers_from_the_next_turn_on(tmp_path: Path) -> None:
    async def make(settings: AgentSettings) -> Agent:
        if settings.model == "openai:none":
            raise NotConfigured("there is no key for openai:none")
        return Agent([ScriptedModel(settings.model)], attempts=1)

    given = {"channels": accounts()}
    async with desk(tmp_path, given, make_agent=make) as there:
        gateway = there.stage.gateway
        await there.reloads(agents={"defaults": {"model": "openai:a"}})
        assert gateway.pool.main.model == "openai:a"
        with pytest.raises(ConfigError, match="no key for openai:none"):
            await there.reloads(agents={"defaults": {"model": "openai:none"}})
        assert gateway.pool.main.model == "openai:a"
        assert gateway.settings.agents.defaults.model == "openai:a"
        await there.says(ANN, "hello")
        await there.bot().has_sent("echo: hello")


async def test_an_agent_that_is_new_answers_where_a_rule_says_so(tmp_path: Path) -> None:
    async with desk(tmp_path, {"channels": accounts()}) as there:
        await there.says(ANN, "before")
        await there.bot().has_sent("echo: before")
        coder = {"coder": {"system_prompt": "You code."}}
        await there.reloads(agents=coder, rules={"all": {"agent": "coder"}})
        await there.says(ANN, "after")
        await there.bot().has_sent("echo: before", "echo: after")
        assert there.stage.model.systems[-1].startswith("You code.")
        (row,) = await there.stage.ledger.listing()
        assert row.agent == "coder"


async def test_a_limit_counts_what_came_before_it_changed(tmp_path: Path) -> None:
    given = {"channels": accounts(), "limits": {"sender_turns": 2}}
    async with desk(tmp_path, given) as there:
        for text in ("one", "two", "three"):
            await there.says(ANN, text)
            await there.stage.settled()
        assert len(there.stage.model.requests) == 2
        await there.reloads(limits={"sender_turns": 3})
        await there.says(ANN, "four")
        await there.says(ANN, "five")
        await there.stage.settled()
        assert [words(each)[-1] for each in there.stage.model.requests] == ["one", "two", "four"]


async def test_what_needs_a_restart_is_named_until_it_is_written_back(tmp_path: Path) -> None:
    async with desk(tmp_path, {"channels": accounts()}) as there:
        gateway = there.stage.gateway
        reloaded = await there.reloads(sandbox={"image": "a"}, limits={"sender_turns": 7})
        assert [each.name for each in reloaded.restart] == ["sandbox.image"]
        assert gateway.runtime()["restart_needed"] == ["sandbox.image"]
        assert (gateway.settings.sandbox.image, gateway.settings.limits.sender_turns) == ("", 7)
        await there.reloads(sandbox={})
        assert gateway.runtime()["restart_needed"] == []


async def test_commands_that_are_allowed_together_with_a_sandbox_run_in_it(tmp_path: Path) -> None:
    held, bare = Shell("held"), Shell("bare")

    async def finds(_: SandboxSettings) -> Found:
        return Found(held, bare, ())

    trusting = {"dm": {"sandboxed": False}}
    sandboxing = Sandboxing(SandboxSettings.model_validate(trusting), tmp_path, finds=finds)
    await sandboxing.look()
    given = {"channels": accounts(), "sandbox": trusting}
    async with desk(tmp_path, given, sandboxing=sandboxing) as there:
        await there.reloads(
            agents={"defaults": {"tools": ["bash"]}},
            sandbox={"dm": {"sandboxed": True, "wall": 5}, "backend": "landlock"},
        )
        assert there.stage.gateway.settings.agents.defaults.tools == ("bash",)
        sandbox, policy = sandboxing.of(SessionType.DM, Trust.PARTIAL) or (None, None)
        assert sandbox is held
        assert policy is not None
        assert policy.limits.wall == 5
        assert there.stage.gateway.runtime()["restart_needed"] == ["sandbox.backend"]


async def test_settings_that_cannot_be_used_change_nothing_and_are_told_once(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path, {"channels": accounts(), "agents": prompt("Be kind.")}) as there:
        gateway = there.stage.gateway
        with gateway.terminal.listen() as heard:
            for wrong in ({"max_turn": 1}, {"max_turn": 1}, {"max_turns": "many"}):
                with pytest.raises(ConfigError) as refused:
                    await there.reloads(gateway=wrong, agents=prompt("Be rude."))
                assert gateway.runtime()["settings_problem"] == str(refused.value)
            assert gateway.settings.agents.defaults.system_prompt == "Be kind."
            await there.reloads(gateway={"watch_config": False}, agents=prompt("Be brief."))
            assert gateway.runtime()["settings_problem"] is None
            told = []
            async with asyncio.timeout(PATIENCE):
                async for part in heard:
                    told.append(part.part.text)
                    if len(told) == 2:
                        break
        assert told == [notice("settings_refused"), notice("settings_mended")]


async def test_a_defect_at_a_reload_is_no_secret(tmp_path: Path) -> None:
    async def make(settings: AgentSettings) -> Agent:
        if settings.model == "openai:strange":
            raise LookupError("nobody thought of this")
        return Agent([ScriptedModel(settings.model)], attempts=1)

    async with desk(tmp_path, {"channels": accounts()}, make_agent=make) as there:
        with pytest.raises(ConfigError, match="nobody thought of this"):
            await there.reloads(agents={"defaults": {"model": "openai:strange"}})
        problem = there.stage.gateway.runtime()["settings_problem"]
        assert "nobody thought of this" in problem


async def test_a_gateway_that_stops_takes_nothing_up_any_more(tmp_path: Path) -> None:
    async with desk(tmp_path, {"channels": accounts()}) as there:
        gateway, gate = there.stage.gateway, Gate()
        there.stage.model.will(gate)
        await there.says(ANN, "hello")
        await gate.reached.wait()
        there.write(channels=accounts(telegram={"token": "1:other"}))
        stopping = asyncio.create_task(gateway.stop(PATIENCE))
        await asyncio.sleep(0)
        await gateway.reloading.at_signal()
        with pytest.raises(ConfigError, match="Argent stops"):
            await gateway.reload()
        gate.open.set()
        await stopping
        assert len(there.bots["telegram"]) == 1
        assert there.bot().sent == ["echo: hello"]


async def test_a_file_that_is_gone_takes_no_account_away(tmp_path: Path) -> None:
    async with desk(tmp_path, {"channels": accounts()}) as there:
        there.path.unlink()
        with pytest.raises(ConfigError, match="No such file"):
            await there.stage.gateway.reload()
        await there.says(ANN, "still there")
        await there.bot().has_sent("echo: still there")


async def test_no_answer_tells_a_secret(tmp_path: Path) -> None:
    async with desk(tmp_path, {"channels": accounts()}) as there:
        changed = accounts(telegram={"token": "1:canary"}, work={"token": "2:canary"})
        reloaded = await there.reloads(channels=changed)
        assert {each.name for each in reloaded.taken} == {
            "channels.telegram.token",
            "channels.work",
        }
        assert "canary" not in str(reloaded) + str(there.stage.gateway.runtime())


async def test_whoever_stops_waiting_does_not_stop_a_reload(tmp_path: Path) -> None:
    async with desk(tmp_path, {"channels": accounts()}) as there:
        there.bot().gate = gate = Gate()
        await there.says(ANN, "hello")
        await gate.reached.wait()
        asking = asyncio.create_task(
            there.reloads(channels=accounts(telegram={"token": "1:other"}))
        )
        async with asyncio.timeout(PATIENCE):
            while len(there.bots["telegram"]) < 2:
                await asyncio.wait([asking], timeout=0.01)
        asking.cancel()
        gate.open.set()
        await there.says(ANN, "again")
        await there.stage.settled()
        sent = [text for bot in there.bots["telegram"] for text in bot.sent]
        assert sent == ["echo: hello", "echo: again"]
        assert there.stage.gateway.channels["telegram"] is there.bot()
