"""What people choose for a conversation: model, skill, tools, prompt, title."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from agents.agent import Agent
from agents.config import AgentSettings
from agents.errors import NotConfigured
from agents.models.registry import Listing
from agents.skill_folders import SkillFolders
from channels.loopback import LoopbackChannel
from state.choices import Choices
from state.history import ToolCall
from state.keys import SessionId
from state.session import Session
from tests.flows.stage import Gate, ScriptedModel, Stage, stage, words
from tests.flows.town import ALICE, BOB, OPEN, Town, town
from tests.unit.agents.test_skill_folders import write

OWNED = {**OPEN, "owners": [ALICE.id]}


class Providers:
    """Two providers: what they list, and the models that agents are made with."""

    def __init__(self) -> None:
        self.made: dict[str, ScriptedModel] = {}
        self.there = ["openai:large", "openai:small", "ollama:small-2:8b"]
        self.keys = {"openai", "ollama", "offline", "auto"}
        self.asked = 0

    async def make(self, settings: AgentSettings) -> Agent:
        if settings.model.partition(":")[0] not in self.keys:
            raise NotConfigured("Anthropic needs a key: set ANTHROPIC_API_KEY")
        model = self.made.setdefault(settings.model, ScriptedModel(name=settings.model))
        model.window = 4_000 if "small" in settings.model else 100_000
        return Agent([model], attempts=1)

    async def listed(self) -> Sequence[Listing]:
        self.asked += 1
        names = ("openai", "ollama")
        found = [tuple(m for m in self.there if m.startswith(name)) for name in names]
        listings = [Listing(name, models) for name, models in zip(names, found, strict=True)]
        return (*listings, Listing("anthropic", problem="secret words of a provider"))


@pytest.fixture
def providers() -> Providers:
    return Providers()


@pytest.fixture
def chosen(providers: Providers, tmp_path: Path) -> dict[str, object]:
    write(tmp_path / "skills" / "letters", "Sign with “Yours”.")
    (tmp_path / "skills" / "letters" / "forms.md").write_text("Dear …")
    write(tmp_path / "skills" / "odd", name="even")
    return {
        "make_agent": providers.make,
        "list_models": providers.listed,
        "skills": SkillFolders(tmp_path),
    }


async def told(argent: Stage, text: str) -> str:
    await argent.says(text)
    (answer,) = await argent.hears()
    return answer


async def choices(argent: Stage, session: str = "terminal_local_main") -> Choices:
    loaded = await argent.sessions.load(SessionId(session))
    assert loaded is not None
    return loaded.session.choices


async def facts(argent: Stage) -> Session:
    loaded = await argent.sessions.load(SessionId("terminal_local_main"))
    assert loaded is not None
    return loaded.session


# Models ----------------------------------------------------------------------------------------


async def test_two_conversations_run_with_different_models_at_once(providers: Providers) -> None:
    parts = {"make_agent": providers.make, "list_models": providers.listed}
    async with town(**{**OPEN, "owners": [ALICE.id, BOB.id]}, parts=parts) as here:
        await here.says(ALICE, "/model openai:large")
        await here.hears(ALICE.id)
        await here.says(BOB, "/model openai:small")
        await here.hears(BOB.id)
        gates = Gate(), Gate()
        providers.made["openai:large"].will(gates[0])
        providers.made["openai:small"].will(gates[1])
        await here.says(ALICE, "think big")
        await here.says(BOB, "think small")
        for gate in gates:
            await gate.reached.wait()
        for gate in gates:
            gate.open.set()
        assert await here.hears(ALICE.id) == ["echo: think big"]
        assert await here.hears(BOB.id) == ["echo: think small"]
        assert words(providers.made["openai:large"].requests[-1]) == ["think big"]
        assert words(providers.made["openai:small"].requests[-1]) == ["think small"]


async def test_a_conversation_goes_on_with_another_model_after_a_restart_too(
    providers: Providers, chosen: dict[str, object]
) -> None:
    async with stage(**chosen) as argent:
        await told(argent, "remember the number 7")
        answer = await told(argent, "/model openai:small")
        assert answer == (
            "Model from your next message on: `openai:small`. `/model default` takes it back."
        )
        assert await told(argent, "which number?") == "echo: which number?"
        small = providers.made["openai:small"]
        assert words(small.requests[-1])[0] == "remember the number 7"
        # The room is the new model's.
        assert (await facts(argent)).context.limit == 4_000
        await argent.restart()
        await told(argent, "and now?")
        assert words(small.requests[-1])[-1] == "and now?"
        assert "Model: `openai:small`, chosen here" in await told(argent, "/status")
        answer = await told(argent, "/model default")
        assert "`auto`, as it is configured" in answer
        await told(argent, "back again")
        assert words(argent.model.requests[-1])[-1] == "back again"
        assert (await choices(argent)).model is None


async def test_a_turn_ends_with_the_model_that_it_began_with(
    providers: Providers, chosen: dict[str, object]
) -> None:
    async with stage(**chosen) as argent:
        gate = Gate()
        argent.model.will(gate)
        await argent.says("slow one")
        await gate.reached.wait()
        await argent.says("/model openai:large")
        gate.open.set()
        first, second = await argent.hears(2)
        assert first == "echo: slow one"
        assert second.startswith("Model from your next message on")
        assert providers.made["openai:large"].requests == []


async def test_the_models_that_there_are_can_be_seen_and_pressed(chosen: dict[str, object]) -> None:
    async with stage(**chosen) as argent:
        await argent.says("/model")
        with argent.gateway.terminal.listen("local") as parts:
            shown = await anext(aiter(parts))
        assert "Model: `scripted`, as the agent `main` has it" in shown.part.text
        assert "`openai:large`, `openai:small`, `ollama:small-2:8b`" in shown.part.text
        assert "secret" not in shown.part.text
        assert [button.says for button in shown.part.buttons][:2] == [
            "/model openai:large", "/model openai:small",
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ("openai:lrge", "There is no model openai:lrge. Did you mean openai:large?"),
        ("openai:zzzzz", "There is no model openai:zzzzz. `/model` shows what there is."),
        ("gpt-5", "did you mean openai:gpt-5?"),
        ("anthropic:x", "anthropic:x can't be used: Anthropic needs a key: set ANTHROPIC_API_KEY"),
        ("openai:", "names no model"),
    ],
)
async def test_a_model_that_cannot_be_had_is_not_chosen_and_people_hear_why(
    chosen: dict[str, object], given: str, answer: str
) -> None:
    async with stage(**chosen) as argent:
        assert answer in await told(argent, f"/model {given}")
        assert await argent.sessions.load(SessionId("terminal_local_main")) is None
        assert await told(argent, "hello") == "echo: hello"


async def test_a_model_is_found_by_its_own_name_and_as_soon_as_it_is_there(
    providers: Providers, chosen: dict[str, object]
) -> None:
    async with stage(**chosen) as argent:
        await told(argent, "/model large")
        assert (await choices(argent)).model == "openai:large"
        await told(argent, "/model small-2:8b")
        assert (await choices(argent)).model == "ollama:small-2:8b"
        asked = providers.asked
        providers.there.append("openai:new")
        await told(argent, "/model openai:new")
        assert (await choices(argent)).model == "openai:new"
        assert providers.asked == asked + 1


async def test_a_model_whose_provider_cannot_be_asked_is_chosen_with_a_word_about_it(
    providers: Providers, chosen: dict[str, object]
) -> None:
    providers.keys.add("anthropic")
    async with stage(**chosen) as argent:
        assert "couldn't ask whether it is there" in await told(argent, "/model anthropic:x")
        assert (await choices(argent)).model == "anthropic:x"


# Skills ----------------------------------------------------------------------------------------


async def test_a_chosen_skill_is_told_to_the_model_with_its_files(
    chosen: dict[str, object],
) -> None:
    async with stage(**chosen) as argent:
        listed = await told(argent, "/skill")
        assert "`letters` – About it." in listed
        assert "`odd` can't be used: SKILL.md, line 2: its folder is called 'odd'" in listed
        await told(argent, "/skill letters")
        argent.model.will((ToolCall("1", "read_skill_file", '{"path": "forms.md"}'),))
        await told(argent, "write to Ann")
        assert "Sign with “Yours”." in argent.model.systems[-1]
        assert words(argent.model.requests[-1])[-1] == "Dear …"
        assert "Skill: `letters`, chosen here" in await told(argent, "/status")
        await argent.restart()
        await told(argent, "and to Bob")
        assert "Sign with “Yours”." in argent.model.systems[-1]
        await told(argent, "/skill off")
        await told(argent, "thanks")
        assert "Yours" not in argent.model.systems[-1]
        assert (await choices(argent)).skill == ""


async def test_a_skill_that_is_not_there_or_does_not_read_is_not_chosen(
    chosen: dict[str, object],
) -> None:
    async with stage(**chosen) as argent:
        answer = await told(argent, "/skill lettres")
        assert answer.startswith("There is no skill lettres. Did you mean letters?")
        assert "can't be used: SKILL.md, line 2" in await told(argent, "/skill odd")
        assert "'A B' is no skill's name" in await told(argent, "/skill A B")


async def test_a_skill_that_is_gone_is_done_without_and_people_are_told_once(
    chosen: dict[str, object], tmp_path: Path
) -> None:
    async with stage(**chosen) as argent:
        await told(argent, "/skill letters")
        await told(argent, "hello")
        (tmp_path / "skills" / "letters" / "SKILL.md").unlink()
        await argent.restart()
        answer = await told(argent, "hello again")
        assert answer.startswith("*The skill letters is not there any more")
        assert await told(argent, "and again") == "echo: and again"


# Tools, prompt, title --------------------------------------------------------------------------


async def test_only_the_chosen_tools_can_be_used(chosen: dict[str, object]) -> None:
    async with stage(**chosen) as argent:
        assert "Tools: all" in await told(argent, "/tools")
        await told(argent, "/tools session_*")
        argent.model.will((ToolCall("1", "current_time", "{}"),))
        await told(argent, "what time is it?")
        (result,) = words(argent.model.requests[-1])[-1:]
        assert result == "There is no tool 'current_time'. The tools are: session_status."
        assert "`current_time` (not used)" in await told(argent, "/tools")
        assert "There is no tool zzz" in await told(argent, "/tools zzz")
        await told(argent, "/tools none")
        assert (await choices(argent)).tools == ()
        await told(argent, "/tools all")
        assert (await choices(argent)).tools == ("*",)
        await told(argent, "/tools default")
        assert (await choices(argent)).tools is None


async def test_a_prompt_holds_for_this_conversation(chosen: dict[str, object]) -> None:
    async with stage(**chosen) as argent:
        await told(argent, "/prompt Be a pirate.\nAlways.")
        await told(argent, "hello")
        assert argent.model.systems[-1].startswith("Be a pirate.\nAlways.")
        assert "> Be a pirate.\n> Always." in await told(argent, "/prompt")
        await told(argent, "/prompt default")
        await told(argent, "hello")
        assert "pirate" not in argent.model.systems[-1]


async def test_a_title_is_given_and_taken_back(chosen: dict[str, object]) -> None:
    async with stage(**chosen) as argent:
        await told(argent, "/title  A trip\nto Rome")
        session = await facts(argent)
        assert (session.title, session.titled) == ("A trip to Rome", False)
        assert "A trip to Rome" in await told(argent, "/title")
        assert "shorten it" in await told(argent, f"/title {'x' * 200}")
        await told(argent, "/title default")
        assert (await facts(argent)).title is None


async def test_a_title_that_is_taken_back_is_the_configured_one(chosen: dict[str, object]) -> None:
    settings = {"rules": {"all": {"title": "Ours"}}}
    async with stage(settings=settings, **chosen) as argent:
        await told(argent, "/title Mine")
        await told(argent, "/title default")
        assert (await facts(argent)).title == "Ours"


async def test_a_choice_outlives_a_new_conversation_and_an_archived_one(
    chosen: dict[str, object],
) -> None:
    async with stage(**chosen) as argent:
        await told(argent, "hello")
        await told(argent, "/model openai:small")
        session = SessionId("terminal_local_main")
        await argent.gateway.in_lane(
            session, lambda: argent.gateway.life.archive(session, reason="asked")
        )
        await told(argent, "/title Kept")
        await told(argent, "hello again")
        await told(argent, "/clear")
        assert (await choices(argent)).model == "openai:small"


# Who may ---------------------------------------------------------------------------------------


async def guest_says(here: Town, text: str) -> str:
    await here.says(BOB, text)
    (answer,) = await here.hears(BOB.id)
    return answer


@pytest.fixture
def refused() -> str:
    return "Only an owner can change that here."


async def test_a_guest_sees_what_there_is_and_chooses_a_skill_and_a_title(
    chosen: dict[str, object], refused: str
) -> None:
    async with town(**OWNED, parts=chosen) as here:
        assert "Model: `scripted`" in await guest_says(here, "/model")
        assert "Tools: all" in await guest_says(here, "/tools")
        assert "odd" not in await guest_says(here, "/skill")
        assert await guest_says(here, "/model openai:large") == refused
        assert await guest_says(here, "/tools none") == refused
        assert await guest_says(here, "/prompt") == refused
        assert await guest_says(here, "/prompt Obey me.") == refused
        assert "`letters`" in await guest_says(here, "/skill letters")
        assert "Mine" in await guest_says(here, "/title Mine")
        kept = await choices(here.stage, "telegram_2_dm")
        assert (kept.model, kept.tools, kept.system_prompt) == (None, None, None)
        assert kept.skill == "letters"


async def test_in_a_group_only_an_owner_sees_and_changes_it(
    chosen: dict[str, object], refused: str
) -> None:
    async with town(**OWNED, parts=chosen) as here:
        for text in ("/model", "/skill letters", "/title Ours", "/tools"):
            await here.in_group(BOB, text)
            assert await here.hears("-5") == [refused]
        await here.in_group(ALICE, "/skill letters")
        (answer,) = await here.hears("-5")
        assert answer.startswith("Skill from your next message on: `letters`")
        assert (await choices(here.stage, "telegram_-5_group")).skill == "letters"


async def test_what_one_conversation_chose_is_not_another_ones(chosen: dict[str, object]) -> None:
    async with town(**OWNED, parts=chosen) as here:
        await here.says(ALICE, "/prompt Be a pirate.")
        await here.hears(ALICE.id)
        await here.says(BOB, "hello")
        await here.hears(BOB.id)
        assert isinstance(here.stage.gateway.channels["telegram"], LoopbackChannel)
        assert "pirate" not in here.stage.model.systems[-1]
