import asyncio
from collections.abc import Sequence

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


class Owner:
    """Approves what has an id on its list, and notes what it was asked for."""

    def __init__(self, *approved: str) -> None:
        self.approved = approved
        self.asked: list[ToolCall] = []

    async def __call__(self, calls: Sequence[ToolCall]) -> dict[str, str]:
        self.asked += calls
        return {call.id: "No." for call in calls if call.id not in self.approved}


def guarded_box(owner: Owner, *, foreign: bool = True) -> Toolbox:
    page = Tool(describe("page", "Finds.", Greeting), Greeting, greet, foreign=True)
    guarded = Tool(SPEC, Greeting, greet, guarded=True)
    return Toolbox([guarded, page], foreign=foreign, approve=owner)


async def test_a_guarded_tool_asks_nobody_where_nothing_is_foreign() -> None:
    owner = Owner()
    result = await guarded_box(owner, foreign=False).call(ToolCall("c", "greet", '{"name":"Ann"}'))
    assert (result.failed, owner.asked) == (False, [])


async def test_a_guarded_call_is_asked_for_as_its_tool_reads_it() -> None:
    owner = Owner("c")
    twice = '{"name":"Bob", "name":"\\u0041nn"}'
    result = await guarded_box(owner).call(ToolCall("c", "greet", twice))
    assert result.content == "hello Ann "
    assert owner.asked == [ToolCall("c", "greet", '{"name":"Ann","times":1}')]


async def test_a_guarded_call_that_is_refused_says_why() -> None:
    result = await guarded_box(Owner()).call(ToolCall("c", "greet", '{"name":"Ann"}'))
    assert (result.failed, result.content) == (True, "No.")


async def test_an_approval_is_used_up_by_its_call() -> None:
    owner = Owner("c")
    box, call_ = guarded_box(owner), ToolCall("c", "greet", '{"name":"Ann"}')
    await box.clear([call_])
    await box.call(call_)
    await box.call(call_)
    assert len(owner.asked) == 2


async def test_a_foreign_result_guards_the_next_step_and_not_the_same_one() -> None:
    owner = Owner()
    box = guarded_box(owner, foreign=False)
    find, greeting = ToolCall("p", "page", '{"name":"x"}'), ToolCall("c", "greet", '{"name":"x"}')
    await box.clear([find, greeting])
    assert (await box.call(find)).foreign
    assert not (await box.call(greeting)).failed
    await box.clear([greeting])
    assert (await box.call(greeting)).failed
    assert box.foreign


async def test_arguments_that_do_not_fit_are_nobodys_to_approve() -> None:
    owner = Owner()
    result = await guarded_box(owner).call(ToolCall("c", "greet", "{}"))
    assert "do not fit" in result.content
    assert owner.asked == []


async def test_what_stands_in_the_conversation_letter_by_letter_needs_no_approval() -> None:
    owner = Owner()
    tool = Tool(SPEC, Greeting, greet, guarded=True, cited=lambda given: given.name)
    box = Toolbox([tool], foreign=True, approve=owner, seen=lambda text, _: text in "Ann wrote it")
    assert not (await box.call(ToolCall("a", "greet", '{"name":"Ann"}'))).failed
    assert (await box.call(ToolCall("b", "greet", '{"name":"Ann?secret=42"}'))).failed


async def test_what_a_result_of_this_turn_says_may_be_cited() -> None:
    tool = Tool(SPEC, Greeting, greet, guarded=True, foreign=True, cited=lambda given: given.name)
    box = Toolbox(
        [tool],
        approve=Owner(),
        seen=lambda text, results: text in str([r.content for r in results]),
    )
    await box.call(ToolCall("a", "greet", '{"name":"Ann"}'))
    assert not (await box.call(ToolCall("b", "greet", '{"name":"hello"}'))).failed
    assert (await box.call(ToolCall("c", "greet", '{"name":"bye"}'))).failed
