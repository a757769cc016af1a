"""The model emulators keep their providers' rules, and run as processes of their own."""

import asyncio
import json
import sys
from typing import Any

import aiohttp
import pytest

from tests.emulators.anthropic import AnthropicEmulator
from tests.emulators.llm import LLM, Call, Says
from tests.emulators.openai import OpenAIEmulator

USER = {"role": "user", "content": "hello"}
OPENAI_CALL = {"id": "c1", "type": "function", "function": {"name": "x", "arguments": "{}"}}
USES = {
    "role": "assistant",
    "content": [{"type": "tool_use", "id": "c1", "name": "x", "input": {}}],
}
RESULT = {"type": "tool_result", "tool_use_id": "c1", "content": "done"}


async def post(llm: LLM, **body: Any) -> tuple[int, dict[str, Any]]:
    headers = {"x-api-key": llm.key or "", "anthropic-version": "2023-06-01"}
    async with (
        aiohttp.ClientSession() as http,
        http.post(llm.root + llm.chat_path, json=body, headers=headers) as response,
    ):
        return response.status, await response.json()


@pytest.mark.parametrize(
    ("messages", "complaint"),
    [
        ([], "too short"),
        ([{"role": "robot", "content": "x"}], "Invalid value"),
        ([USER, {"role": "tool", "tool_call_id": "c1", "content": "x"}], "must be a response"),
        ([USER, {"role": "assistant", "tool_calls": [OPENAI_CALL]}], "did not have response"),
        ([USER, {"role": "assistant", "tool_calls": [OPENAI_CALL]}, USER], "did not have"),
    ],
)
async def test_openai_refuses_what_the_real_one_refuses(
    messages: list[dict[str, Any]], complaint: str
) -> None:
    async with OpenAIEmulator() as llm:
        status, body = await post(llm, model="m", messages=messages)
    assert status == 400
    assert complaint in body["error"]["message"]


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"messages": [USER]}, "max_tokens"),
        ({"messages": [{"role": "assistant", "content": "x"}], "max_tokens": 1}, "first message"),
        ({"messages": [{"role": "user", "content": " "}], "max_tokens": 1}, "non-whitespace"),
        ({"messages": [USER, USES], "max_tokens": 1}, "without `tool_result`"),
        ({"messages": [USER, USES, USER], "max_tokens": 1}, "without `tool_result`"),
        (
            {
                "messages": [
                    USER,
                    USES,
                    {"role": "user", "content": [{"type": "text", "text": "x"}, RESULT]},
                ],
                "max_tokens": 1,
            },
            "without `tool_result`",
        ),
    ],
)
async def test_anthropic_refuses_what_the_real_one_refuses(
    fields: dict[str, Any], complaint: str
) -> None:
    async with AnthropicEmulator() as llm:
        status, body = await post(llm, model="m", **fields)
    assert status == 400
    assert body["type"] == "error"
    assert complaint in body["error"]["message"]


@pytest.mark.parametrize("kind", [OpenAIEmulator, AnthropicEmulator])
async def test_a_request_for_no_stream_gets_the_answer_whole(kind: type[LLM]) -> None:
    async with kind() as llm:
        llm.answers(Says("hi", (Call("x"),)))
        status, body = await post(llm, model="m", messages=[USER], max_tokens=5)
    assert status == 200
    assert "hi" in json.dumps(body)


async def test_an_emulator_is_a_process_that_says_where_it_is_and_what_it_was_asked() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.emulators.openai", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30), aiohttp.ClientSession() as http:
            where = json.loads(await process.stdout.readline())
            body = {"model": "m", "messages": [USER]}
            async with http.post(f"{where['url']}/chat/completions", json=body) as response:
                assert (await response.json())["choices"][0]["message"]["content"] == "hello"
            async with http.get(f"{where['root']}/emulator/asked") as response:
                assert await response.json() == [body]
            process.terminate()
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
