"""Everything that goes wrong with a provider is a typed error, or an answer, in bounded time."""

import asyncio
from datetime import UTC, datetime

import aiohttp
import pytest
from structlog.testing import capture_logs

from agents.agent import Agent, TurnFinished
from agents.errors import (
    AuthFailed,
    BadRequest,
    BadResponse,
    ContextOverflow,
    ModelError,
    NotReachable,
    OutOfCredit,
    Overloaded,
    RateLimited,
    Refused,
    RequestTooLarge,
    TimedOut,
)
from agents.models.model import ModelSettings, Timeouts
from agents.models.names import ModelName
from agents.models.registry import make
from agents.tools.builtin import harmless_tools
from agents.tools.tool import Toolbox
from agents.transcript import Transcript, UserSays
from tests.emulators.llm import Body, Call, Cut, Fails, Hangs, Raw, Says, Scripted, Status, Trickles
from tests.unit.agents.doubles import a_session
from tests.unit.agents.models.conftest import KEY, Provider

QUICK = Timeouts(connect=1, first_byte=0.1, idle=0.1, turn=0.5)
PAGE = Body(b"<!doctype html><title>Sign in</title>")


async def error_of(provider: Provider, fault: Scripted) -> ModelError:
    provider.llm.answers(fault)
    with pytest.raises(ModelError) as caught:
        async with asyncio.timeout(5):
            await provider.ask()
    return caught.value


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Status(401), AuthFailed),
        (Status(403), AuthFailed),
        (Status(402), OutOfCredit),
        (Status(400, "max_tokens: too large"), BadRequest),
        (Status(404, "no such model"), BadRequest),
        (Status(422, "what?"), BadRequest),
        (Status(413, "too large"), RequestTooLarge),
        (Status(429), RateLimited),
        (Status(408), Overloaded),
        (Status(500), Overloaded),
        (Status(502), Overloaded),
        (Status(529), Overloaded),
        (Status(400, "prompt is too long: 210000 tokens > 200000 maximum"), ContextOverflow),
        (Status(400, "Your credit balance is too low to access the API"), OutOfCredit),
        (Body(b"<html>Bad gateway</html>", status=502), Overloaded),
        (Body(b"", status=503), Overloaded),
        (Body(b'["odd"]', "application/json", status=500), Overloaded),
        (PAGE, BadResponse),
        (Body(b"", "text/event-stream"), BadResponse),
        (Body(b"hello", "text/plain"), BadResponse),
        (Body(b"{}", "application/json"), BadResponse),
        (Body(b"[1]", "application/json"), BadResponse),
        (Body(b"{", "application/json"), BadResponse),
        (Body(b"", status=302, headers={"Location": "http://127.0.0.1:1/"}), BadRequest),
        (Cut(after=3), BadResponse),
        (Cut(after=3, clean=False), BadResponse),
        (Cut(after=0), BadResponse),
        (Fails(3, "overloaded_error"), Overloaded),
        (Fails(3, "rate_limit_error"), RateLimited),
        (Fails(3, "something_new"), Overloaded),
        (Fails(3, "invalid_request_error", "prompt is too long"), ContextOverflow),
        (Raw(b"data: {not json}\n\n"), BadResponse),
        (Raw(b"data: [1, 2]\n\n"), BadResponse),
        (Raw(b'data: {"choices": 7, "type": "message_start"}\n\n'), BadResponse),
        (
            Raw(b'data: {"choices":[{"delta":{"content":7}}],"type":"message_start"}\n\n'),
            BadResponse,
        ),
        (Raw(b"\xff\xfe\x00garbage"), BadResponse),
        (Raw(b"data: " + b"x" * 5_000_000), BadResponse),
        (Says("word " * 250_000), BadResponse),
    ],
)
async def test_a_fault_is_a_typed_error(
    provider: Provider, fault: Scripted, expected: type[ModelError]
) -> None:
    if isinstance(fault, Says):
        provider.llm.delta = 4000
    error = await error_of(provider, fault)
    assert type(error) is expected


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "1.5"}, 1.5),
        ({"retry-after-ms": "250"}, 0.25),
        ({"Retry-After": "soon"}, None),
        ({}, None),
    ],
)
async def test_a_busy_provider_says_how_long_to_wait(
    provider: Provider, headers: dict[str, str], seconds: float | None
) -> None:
    error = await error_of(provider, Status(429, headers=headers))
    assert isinstance(error, RateLimited)
    assert error.retry_after == seconds


async def test_a_date_to_wait_for_is_compared_with_the_servers_own_clock(
    provider: Provider,
) -> None:
    long_ago = datetime(2001, 1, 1, tzinfo=UTC)
    headers = {
        "Date": f"{long_ago:%a, %d %b %Y %H:%M:%S} GMT",
        "Retry-After": f"{long_ago.replace(second=20):%a, %d %b %Y %H:%M:%S} GMT",
    }
    error = await error_of(provider, Status(429, headers=headers))
    assert isinstance(error, RateLimited)
    assert error.retry_after == 20


async def test_a_character_cut_in_two_costs_that_character_only(provider: Provider) -> None:
    if "anthropic" in provider.model.name:
        words = b'{"type":"text_delta","text":"a\xffb"}'
        delta = b'{"type":"content_block_delta","index":0,"delta":%s}' % words
        end = b'{"type":"message_delta","delta":{"stop_reason":"end_turn"}}'
    else:
        delta = b'{"choices":[{"delta":{"content":"a\xffb"}}]}'
        end = b"[DONE]"
    provider.llm.answers(Raw(b"data: " + delta + b"\n\ndata: " + end + b"\n\n"))
    assert (await provider.answer()).text == "a�b"


async def test_no_server_is_not_reachable(http: aiohttp.ClientSession, provider: Provider) -> None:
    await provider.llm.stop()
    with pytest.raises(NotReachable, match="Connection refused"):
        await provider.ask()


async def test_a_refusal_of_the_content_is_refused(openai: Provider, anthropic: Provider) -> None:
    assert isinstance(await error_of(openai, Says("I will", stop="content_filter")), Refused)
    assert isinstance(await error_of(anthropic, Says("I will", stop="refusal")), Refused)
    flagged = Status(400, "flagged", "invalid_request_error", "content_policy_violation")
    assert isinstance(await error_of(openai, flagged), Refused)


async def test_an_account_without_quota_is_out_of_credit(openai: Provider) -> None:
    fault = Status(429, "You exceeded your current quota", "insufficient_quota")
    assert type(await error_of(openai, fault)) is OutOfCredit


async def test_a_conversation_longer_than_the_window_overflows(provider: Provider) -> None:
    provider.llm.window = 100
    with pytest.raises(ContextOverflow):
        await provider.ask("word " * 1000)


async def test_an_answer_cut_at_its_limit_says_so(openai: Provider, anthropic: Provider) -> None:
    openai.llm.answers(Says("to be contin", stop="length"))
    anthropic.llm.answers(Says("to be contin", stop="max_tokens"))
    assert (await openai.answer()).cut
    assert (await anthropic.answer()).cut


@pytest.mark.parametrize(
    ("fault", "stage"),
    [
        (Hangs(), "first byte"),
        (Hangs(after=0), "first byte"),
        (Hangs(after=5), "idle"),
        (Trickles(bytes_per_second=100), "turn"),
    ],
)
async def test_a_slow_provider_ends_the_turn_in_time(
    provider: Provider, fault: Scripted, stage: str
) -> None:
    provider.llm.answers(fault)
    agent = Agent([provider.model], timeouts=QUICK, attempts=1)
    with pytest.raises(TimedOut) as caught:
        async with asyncio.timeout(5):
            await _turn(agent)
    assert caught.value.stage == stage
    await provider.llm.until(lambda llm: bool(llm.dropped))


async def test_a_turn_survives_passing_faults(provider: Provider) -> None:
    provider.llm.answers(Status(429, headers={"Retry-After": "0"}), Cut(after=4), "here I am")
    finished = await _turn(Agent([provider.model], sleep=_no_wait))
    assert finished.said[-1].text == "here I am"  # type: ignore[union-attr]


async def test_an_endless_tool_loop_ends(provider: Provider) -> None:
    provider.llm.always(Says("once more", (Call("current_time"),)))
    finished = await _turn(Agent([provider.model], max_steps=3))
    assert finished.said[-1].text == "once more"  # type: ignore[union-attr]
    assert len(provider.llm.asked) == 4


@pytest.mark.parametrize("call", [Call("current_time", "{broken"), Call("rm -rf /", "{}")])
async def test_a_call_that_makes_no_sense_is_told_to_the_model(
    provider: Provider, call: Call
) -> None:
    provider.llm.answers(call)
    finished = await _turn(Agent([provider.model]))
    assert finished.said[1].results[0].failed  # type: ignore[union-attr]
    assert finished.said[-1].text == "hello"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "fault",
    [
        Status(401, f"Incorrect API key provided: {KEY}"),
        Status(400, f"cannot parse header Bearer {KEY}"),
        Body(KEY.encode(), "text/plain", status=500),
        Fails(2, "overloaded_error", f"seen {KEY}"),
        Body(b"", status=302, headers={"Location": f"http://127.0.0.1:1/?{KEY}"}),
        PAGE,
        Cut(after=2, clean=False),
    ],
)
async def test_the_key_is_in_no_error(provider: Provider, fault: Scripted) -> None:
    error = await error_of(provider, fault)
    chain: BaseException | None = error
    while chain is not None:
        assert KEY not in f"{chain} {chain!r} {chain.args}"
        chain = chain.__cause__ or (None if chain.__suppress_context__ else chain.__context__)


async def test_the_key_is_in_no_log(provider: Provider) -> None:
    provider.llm.answers(Status(500, f"no such key: {KEY}"))
    with capture_logs() as logs:
        await _turn(Agent([provider.model], sleep=_no_wait))
    assert [entry["event"] for entry in logs] == ["model call failed"]
    assert KEY not in str(logs)
    assert KEY not in f"{provider.model!r} {vars(provider.model)}"


async def test_the_key_does_not_follow_a_redirect(
    http: aiohttp.ClientSession, openai: Provider, anthropic: Provider
) -> None:
    for here, there in ((openai, anthropic), (anthropic, openai)):
        target = there.llm.root + here.llm.chat_path
        await error_of(here, Body(b"", status=307, headers={"Location": target}))
        assert there.llm.asked == []
        here.llm.asked.clear()


async def test_ollama_gets_the_key_of_its_own(
    http: aiohttp.ClientSession, openai: Provider
) -> None:
    settings = ModelSettings(ollama_api_key=KEY, ollama_base_url=openai.llm.root)
    model = await make(ModelName("ollama", "llama3.2"), settings, http)
    await Provider(openai.llm, model).ask()
    assert [headers["Authorization"] for headers in openai.llm.headers] == [f"Bearer {KEY}"] * 3


async def test_ollama_gets_no_other_key(http: aiohttp.ClientSession, openai: Provider) -> None:
    openai.llm.key = None
    settings = ModelSettings(
        openai_api_key=KEY, anthropic_api_key=KEY, ollama_base_url=openai.llm.root
    )
    model = await make(ModelName("ollama", "llama3.2"), settings, http)
    await Provider(openai.llm, model).ask()
    assert len(openai.llm.headers) == 3
    assert KEY not in str(openai.llm.headers)


async def _no_wait(_: float) -> None:
    return None


async def _turn(agent: Agent) -> TurnFinished:
    last = None
    async for event in agent.run(
        system="be kind",
        transcript=Transcript(),
        question=(UserSays("hello"),),
        tools=Toolbox(harmless_tools(a_session())),
    ):
        last = event
    assert isinstance(last, TurnFinished)
    return last
