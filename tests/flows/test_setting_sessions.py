"""What an operator sets while a gateway runs: between two turns, and asked of whoever has it."""

from pathlib import Path

import pytest

from gateway.admin_errors import AdminError
from state.choices import NO_CHOICES
from state.keys import SessionId
from tests.flows.stage import Gate, words
from tests.flows.test_choosing import Providers, chosen, providers
from tests.flows.test_control_socket import call, served

__all__ = ["chosen", "providers"]

LOCAL = "terminal:local:main"


async def test_what_is_set_holds_from_the_next_message_on(
    providers: Providers, chosen: dict[str, object], tmp_path: Path
) -> None:
    async with served(tmp_path, **chosen) as argent:
        gate = Gate()
        argent.model.will(gate)
        await argent.says("hello")
        await gate.reached.wait()
        gate.open.set()
        texts = ["model=openai:large", "skill=letters", "system_prompt=Be brief."]
        told = await call(tmp_path, "sessions.set", session=LOCAL, assignments=texts)
        assert told["chosen"]["model"] == "openai:large"
        assert await argent.hears() == ["echo: hello"]
        await argent.says("and now?")
        assert await argent.hears() == ["echo: and now?"]
        large = providers.made["openai:large"]
        assert words(large.requests[-1]) == ["hello", "echo: hello", "and now?"]
        assert large.systems[-1].startswith("Be brief.\n\nYou work with the skill `letters`")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("model=openai:lrge", "Did you mean openai:large?"),
        ("model=anthropic:x", "set ANTHROPIC_API_KEY"),
        ("skill=odd", "can't be used"),
        ("tools=current_tme", "Did you mean current_time?"),
        ("mcp=nowhere", "There is no MCP server nowhere"),
    ],
)
async def test_what_cannot_be_had_is_refused_and_nothing_is_set(
    chosen: dict[str, object], tmp_path: Path, wrong: str, said: str
) -> None:
    async with served(tmp_path, **chosen) as argent:
        await argent.says("hello")
        await argent.hears()
        texts = ["title=Trip", wrong]
        with pytest.raises(AdminError) as refused:
            await call(tmp_path, "sessions.set", session=LOCAL, assignments=texts)
        assert refused.value.code == "not_found"
        assert said in refused.value.message
        loaded = await argent.sessions.load(SessionId("terminal_local_main"))
        assert loaded is not None
        assert (loaded.session.title, loaded.session.choices) == ("hello", NO_CHOICES)


async def test_a_session_that_is_renamed_is_called_so_at_once(
    chosen: dict[str, object], tmp_path: Path
) -> None:
    async with served(tmp_path, **chosen) as argent:
        await argent.says("hello")
        await argent.hears()
        await call(tmp_path, "sessions.rename", session=LOCAL, name="Our trip")
        await argent.says("/title")
        (answer,) = await argent.hears()
        assert "“Our trip”" in answer
