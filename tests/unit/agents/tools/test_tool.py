import asyncio

from pydantic import Field

from agents.tools.tool import LONGEST_RESULT, Arguments, Tool, Toolbox, ToolFailed, describe
from agents.transcript import ToolResult
from state.history import ToolCall


class Greeting(Arguments):
    name: str = Field(description="Whom to greet.")
    times: int = 1


SPEC = describe("greet", "Greets.", Greeting)


async def greet(arguments: Greeting) -> str:
    return f"hello {arguments.name} " * arguments.times


async def call(arguments: str, run: object = greet, name: str = "greet") -> ToolResult:
    toolbox = Toolbox([Tool(SPEC, Greeting, run)], limit=0.02)  # type: ignore[arg-type]
    return await toolbox.call(ToolCall("call-0001", name, arguments))


def test_a_tool_is_described_by_a_json_schema() -> None:
    assert SPEC.parameters == {
        "type": "object",
        "properties": {
            "name": {"type": "string", "description": "Whom to greet."},
            "times": {"type": "integer", "default": 1},
        },
        "required": ["name"],
        "additionalProperties": False,
    }


async def test_a_call_gets_its_result() -> None:
    assert await call('{"name":"Ann"}') == ToolResult("call-0001", "greet", "hello Ann ")


async def test_damaged_json_is_a_failed_result() -> None:
    result = await call('{"name":"An')
    assert result.failed
    assert "no valid JSON" in result.content


async def test_wrong_arguments_are_named_in_the_failed_result() -> None:
    result = await call('{"times":"x","nam":"Ann"}')
    assert result.failed
    assert all(name in result.content for name in ("name:", "times:", "nam:"))


async def test_an_unknown_tool_is_a_failed_result_that_names_the_tools() -> None:
    result = await call("{}", name="great")
    assert result.failed
    assert result.content == "There is no tool 'great'. The tools are: greet."


async def test_what_a_tool_says_of_its_failure_reaches_the_model() -> None:
    async def fail(_: Greeting) -> str:
        raise ToolFailed("Ann is not here.")

    assert (await call('{"name":"Ann"}', fail)).content == "Ann is not here."


async def test_the_details_of_a_broken_tool_do_not_reach_the_model() -> None:
    async def fail(_: Greeting) -> str:
        raise OSError("/home/owner/secret")

    result = await call('{"name":"Ann"}', fail)
    assert result == ToolResult("call-0001", "greet", "The tool failed.", failed=True)


async def test_a_slow_tool_is_stopped() -> None:
    stopped = False

    async def hang(_: Greeting) -> str:
        nonlocal stopped
        try:
            await asyncio.Event().wait()
        finally:
            stopped = True
        return ""

    result = await call('{"name":"Ann"}', hang)
    assert result.failed
    assert "0.02 s" in result.content
    assert stopped


async def test_a_tools_own_timeout_is_not_taken_for_ours() -> None:
    async def fail(_: Greeting) -> str:
        raise TimeoutError

    assert (await call('{"name":"Ann"}', fail)).content == "The tool failed."


async def test_a_result_that_is_too_long_is_cut_and_says_so() -> None:
    result = await call('{"name":"Ann","times":10000}')
    assert len(result.content) < LONGEST_RESULT + 100
    assert result.content.endswith("[cut: the result has 100000 characters]")


async def test_half_a_surrogate_pair_in_a_result_can_be_sent() -> None:
    async def half(_: Greeting) -> str:
        return "half \ud83d"

    assert (await call('{"name":"Ann"}', half)).content == "half ?"
