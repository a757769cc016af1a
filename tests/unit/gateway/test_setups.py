"""What a session's turns run with, and what is done without when it is gone."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from agents.agent import Agent
from agents.config import AgentSettings, SessionSettings
from agents.errors import NotConfigured
from agents.skill_folders import ChosenSkill
from gateway.agent_pool import AgentPool, Models
from gateway.config import Settings
from gateway.current import Current
from gateway.profiles import Profiles
from gateway.setups import Setup, Setups, rules_of
from state.choices import Choices
from state.keys import SessionKey
from state.session import Session
from tests.unit.agents.doubles import ScriptedModel

KEY = SessionKey.parse("telegram:123:dm")
MODEL_GONE = "The model openai:gone is not set up any more, so main answers."
SKILL_GONE = "The skill gone is not there any more, so I answer without it."


class Workshop:
    """Where setups are made: agents and skills that are there, and those that were asked for."""

    def __init__(self, **settings: Any) -> None:
        self.settings = Settings.model_validate(settings)
        self.made: list[AgentSettings] = []
        self.ready = asyncio.Event()
        self.ready.set()
        self.gone: set[str] = set()
        self.opened: list[tuple[str, str]] = []
        main = Agent([ScriptedModel("main", window=50_000)])
        self.pool = AgentPool(main, self.settings.agents.of("main"), Models(self._make))
        self.setups = Setups(Profiles(Current(self.settings)), self.pool, self._open)

    async def of(self, **choices: Any) -> Setup:
        begun = Session.begin(KEY, agent="main", at=datetime(2026, 1, 30, tzinfo=UTC))
        return await self.setups.of(replace(begun, choices=Choices(**choices)))

    async def _make(self, settings: AgentSettings) -> Agent:
        await self.ready.wait()
        if settings.model in self.gone:
            raise NotConfigured("there is no key")
        self.made.append(settings)
        return Agent([ScriptedModel(settings.model, window=8_000)])

    async def _open(self, agent: str, skill: str) -> ChosenSkill | None:
        self.opened.append((agent, skill))
        return ChosenSkill(skill, f"How to {skill}.") if skill == "letters" else None


async def test_without_choices_it_is_the_agents():
    shop = Workshop()
    setup = await shop.of()
    assert setup.agent is shop.pool.main
    assert setup.rules == rules_of(SessionSettings(), window=50_000)
    assert (setup.prompt, setup.skill) == (AgentSettings().system_prompt, None)
    assert shop.made == []


async def test_the_room_is_that_of_the_chosen_model():
    shop = Workshop()
    assert (await shop.of(model="openai:x")).rules.limit == 8_000
    assert (await shop.of()).rules.limit == 50_000


async def test_an_agent_is_made_once_for_all_that_are_set_alike():
    shop = Workshop()
    first = await shop.of(model="openai:x", options={"temperature": 0.2})
    again = await shop.of(model="openai:x", options={"temperature": 0.2}, skill="letters")
    other = await shop.of(model="openai:x", options={"temperature": 0.3})
    assert first.agent is again.agent
    assert other.agent is not first.agent
    assert [dict(made.options) for made in shop.made] == [
        {"temperature": 0.2},
        {"temperature": 0.3},
    ]


async def test_two_that_need_the_same_agent_at_once_have_one_made():
    shop = Workshop()
    shop.ready.clear()
    async with asyncio.TaskGroup() as both:
        asked = [both.create_task(shop.of(model="openai:x")) for _ in range(2)]
        both.create_task(_soon(shop.ready))
    assert asked[0].result().agent is asked[1].result().agent
    assert len(shop.made) == 1


async def _soon(ready: asyncio.Event) -> None:
    ready.set()


async def test_the_instructions_of_a_skill_stand_behind_the_prompt():
    shop = Workshop(
        agents={"helper": {"system_prompt": "Help."}}, rules={"all": {"agent": "helper"}}
    )
    setup = await shop.of(skill="letters")
    assert setup.prompt == "Help.\n\nHow to letters."
    assert setup.skill is not None
    assert shop.opened == [("helper", "letters")]


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        (
            {"model": "openai:gone"},
            "The model openai:gone is not set up any more, so main answers.",
        ),
        ({"skill": "gone"}, "The skill gone is not there any more, so I answer without it."),
        ({"model": "openai:gone", "skill": "gone"}, f"{MODEL_GONE} {SKILL_GONE}"),
    ],
)
async def test_what_is_gone_is_done_without_and_people_are_to_be_told(
    choices: dict[str, str], said: str
):
    shop = Workshop()
    shop.gone.add("openai:gone")
    setup = await shop.of(**choices)
    assert setup.problem == said
    assert setup.agent is shop.pool.main
    assert setup.prompt == AgentSettings().system_prompt


async def test_a_model_that_is_back_answers_again():
    shop = Workshop()
    shop.gone.add("openai:gone")
    await shop.of(model="openai:gone")
    shop.gone.clear()
    setup = await shop.of(model="openai:gone")
    assert (setup.problem, setup.agent.model) == ("", "openai:gone")
