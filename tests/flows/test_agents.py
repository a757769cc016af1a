"""Several agents: each answers where a rule says so, with its own model and prompt."""

from agents.agent import Agent
from agents.config import AgentSettings
from agents.errors import NotConfigured
from state.keys import SessionId
from tests.flows.stage import Gate, ScriptedModel, Stage, words
from tests.flows.town import ALICE, BOB, OPEN, town

CODER = {
    "agents": {
        "defaults": {"model": "offline", "system_prompt": "You help."},
        "coder": {"model": "openai:large", "system_prompt": "You write code."},
    },
    "rules": {"coders": {"chat": BOB.id, "agent": "coder"}},
}


class Models:
    """The models that agents are made with, by name."""

    def __init__(self) -> None:
        self.made: dict[str, ScriptedModel] = {}
        self.gone: set[str] = set()

    async def __call__(self, settings: AgentSettings) -> Agent:
        if settings.model in self.gone:
            raise NotConfigured(f"{settings.model}: there is no key")
        model = self.made.setdefault(settings.model, ScriptedModel(name=settings.model))
        return Agent([model], attempts=1)


async def test_each_agent_answers_where_its_rule_says_with_its_own_model() -> None:
    models = Models()
    async with town(**OPEN, also=CODER, make_agent=models) as here:
        await here.says(ALICE, "hello")
        await here.says(BOB, "write me a parser")
        assert await here.hears(ALICE.id) == ["echo: hello"]
        assert await here.hears(BOB.id) == ["echo: write me a parser"]
        assert words(here.stage.model.requests[-1]) == ["hello"]
        assert words(models.made["openai:large"].requests[-1]) == ["write me a parser"]


async def test_each_agent_is_told_its_own_prompt() -> None:
    models = Models()
    async with town(**OPEN, also=CODER, make_agent=models) as here:
        await here.says(ALICE, "hello")
        await here.says(BOB, "hello")
        await here.hears(ALICE.id)
        await here.hears(BOB.id)
        assert here.stage.model.systems[-1].startswith("You help.")
        assert models.made["openai:large"].systems[-1].startswith("You write code.")


async def test_a_session_goes_to_the_agent_that_a_changed_rule_names() -> None:
    models = Models()
    async with town(**OPEN, also=CODER, make_agent=models) as here:
        await here.says(BOB, "remember the number 7")
        await here.hears(BOB.id)
        assert await agent_of(here.stage, "telegram_2_dm") == "coder"
        here.stage.settings["rules"] = {}
        await here.stage.restart()
        await here.says(BOB, "which number?")
        await here.hears(BOB.id)
        assert await agent_of(here.stage, "telegram_2_dm") == "main"
        assert words(here.stage.model.requests[-1])[0] == "remember the number 7"


async def test_a_model_that_is_not_set_up_any_more_is_done_without_and_people_are_told() -> None:
    models = Models()
    models.gone.add("openai:large")
    async with town(**OPEN, also=CODER, make_agent=models) as here:
        await here.says(BOB, "hello")
        (answer,) = await here.hears(BOB.id)
        assert answer.endswith("echo: hello")
        assert "openai:large is not set up any more, so scripted answers" in answer
        await here.says(BOB, "and now?")
        assert await here.hears(BOB.id) == ["echo: and now?"]


async def test_messages_are_queued_as_their_agent_is_set() -> None:
    one_by_one = {"coder": {"session": {"queue": "followup"}}}
    settings = {"agents": one_by_one, "rules": CODER["rules"]}
    async with town(**OPEN, also=settings) as here:
        for who in (ALICE, BOB):
            gate = Gate()
            here.stage.model.will(gate)
            await here.says(who, "first")
            await gate.reached.wait()
            await here.says(who, "second")
            await here.says(who, "third")
            gate.open.set()
        assert len(await here.hears(ALICE.id, 2)) == 2
        assert len(await here.hears(BOB.id, 3)) == 3


async def agent_of(stage: Stage, session: str) -> str:
    loaded = await stage.sessions.load(SessionId(session))
    assert loaded is not None
    return loaded.session.agent
