from dataclasses import replace
from datetime import UTC, datetime

import pytest

from agents.tools.builtin import harmless_tools
from agents.tools.tool import Toolbox
from agents.transcript import ToolResult
from state.history import ToolCall
from state.session import Context
from state.trust import Trust
from tests.unit.agents.doubles import a_session

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


async def call(name: str, arguments: str = "{}") -> ToolResult:
    session = replace(a_session(), messages=15, context=Context(tokens=900, limit=9000))
    tools = harmless_tools(session, model="openai:gpt-4o", trust=Trust.FULL, now=lambda: NOON)
    return await Toolbox(tools).call(ToolCall("call-0001", name, arguments))


async def test_the_time_is_told_in_utc() -> None:
    assert (await call("current_time")).content == "Wednesday, 2026-07-01T12:00:00+00:00 (UTC)"


async def test_the_time_is_told_in_a_zone() -> None:
    result = await call("current_time", '{"zone":"Europe/Berlin"}')
    assert result.content == "Wednesday, 2026-07-01T14:00:00+02:00 (Europe/Berlin)"


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "/etc/passwd", "Europe"])
async def test_an_unknown_zone_is_a_failed_result(zone: str) -> None:
    result = await call("current_time", f'{{"zone":"{zone}"}}')
    assert result.failed
    assert "no time zone" in result.content


async def test_a_session_knows_its_facts() -> None:
    assert (await call("session_status")).content.splitlines() == [
        "key: telegram:123456789:main",
        "type: main",
        "trust: full",
        "state: created",
        "agent: main",
        "messages: 15",
        "model: openai:gpt-4o",
        "created: 2026-01-30T10:00:00+00:00",
        "context: 900 tokens of 9000 (10%)",
    ]
