"""Damaged payloads on their whole way in, bolt included: each is answered, and the next flows."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from channels.pulse import Pulse
from channels.slack.client import BotClient
from channels.slack.config import SlackSettings
from channels.slack.directory import Directory
from channels.slack.dispatch import DONE, Dispatch
from channels.slack.intake import Intake
from channels.slack.marks import Marks
from channels.slack.responses import Responses
from state.messages import Inbound, InboundMessage
from tests.properties.test_slack_payloads import ME, SEEDS, damaged
from tests.properties.test_telegram_updates import DAMAGED

NOW = datetime(2026, 1, 30, 12, tzinfo=UTC)
SETTINGS = SlackSettings(
    token=SecretStr("xoxb-1"), app_token=SecretStr("xapp-1"), api_root="http://127.0.0.1:1/api/"
)


class _NoCursors:
    async def get(self, name: str) -> str | None:
        return None

    async def set(self, name: str, value: str) -> None:
        return None


async def _answers(payloads: list[Any]) -> tuple[list[bool], list[Inbound]]:
    """Whether each payload would be acknowledged, and what was taken over."""
    taken: list[Inbound] = []

    async def receive(inbound: Inbound) -> None:
        taken.append(inbound)

    async with aiohttp.ClientSession() as http:
        client = BotClient("slack", SETTINGS, http)
        intake = Intake(
            ME, receive, directory=Directory(client), marks=Marks(ME, _NoCursors()),
            pulse=Pulse("slack", stale_after=timedelta(1), now=lambda: NOW),
            responses=Responses(), follow_threads=True, now=lambda: NOW,
        )  # fmt: skip
        dispatch = Dispatch(client, intake)
        return [await dispatch.of_socket(payload) for payload in payloads], taken


@pytest.mark.timeout(600)
@settings(max_examples=DAMAGED // 50, suppress_health_check=list(HealthCheck))
@given(st.lists(damaged(), min_size=50, max_size=50))
def test_every_damaged_payload_is_answered_and_the_next_message_flows(payloads: list[Any]) -> None:
    whole = SEEDS[2] | {"event": SEEDS[2]["event"] | {"ts": "1769767999.000001"}}
    answers, taken = asyncio.run(_answers([*payloads, whole]))
    assert all(answers)
    last = taken[-1]
    assert isinstance(last, InboundMessage)
    assert last.id == "1769767999.000001"


@given(st.binary(max_size=200))
def test_any_body_with_a_good_signature_is_answered(body: bytes) -> None:
    async def answer() -> int:
        async with aiohttp.ClientSession() as http:
            client = BotClient("slack", SETTINGS, http)

            async def receive(_: Inbound) -> None:
                return None

            intake = Intake(
                ME, receive, directory=Directory(client), marks=Marks(ME, _NoCursors()),
                pulse=Pulse("slack", stale_after=timedelta(1), now=lambda: NOW),
                responses=Responses(), follow_threads=True, now=lambda: NOW,
            )  # fmt: skip
            headers = {"Content-Type": "application/json"}
            return (await Dispatch(client, intake).of_http(body, headers)).status

    assert asyncio.run(answer()) == DONE
