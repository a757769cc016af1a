from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.sandbox.errors import SandboxBroken
from agents.sandbox.limits import Hold, Killed, Limits, Outcome
from agents.sandbox.output import Output
from agents.sandbox.sandbox import Heard
from agents.tools.bash import bash_tool, told
from agents.tools.tool import LONGEST_RESULT, Toolbox
from agents.transcript import ToolResult
from state.history import ToolCall
from tests.attacks.backends import PRESENT, sandbox
from tests.attacks.world import World, world


@pytest.fixture
def surroundings() -> Iterator[World]:
    with world() as made:
        yield made


async def call(toolbox: Toolbox, arguments: str) -> ToolResult:
    return await toolbox.call(ToolCall("call-0001", "bash", arguments))


async def test_a_command_is_run_in_the_workspace(surroundings: World) -> None:
    tool = bash_tool(sandbox(PRESENT[0]), surroundings.workspace, Limits())
    toolbox = Toolbox([tool], limit=20)
    result = await call(toolbox, '{"command":"cat note; echo; echo no >&2; exit 3"}')
    assert result.content == "mine\n[stderr]\nno\n[exit status 3]"
    assert not result.failed
    short = await call(toolbox, '{"command":"sleep 50","seconds":0.2}')
    assert short.content == "[killed: it took longer than 0.2 s]"


def test_a_command_waits_for_approval_where_somebody_else_s_words_are(tmp_path: Path) -> None:
    tool = bash_tool(Broken(), tmp_path, Limits(wall=90))
    assert tool.guarded
    assert not tool.foreign
    assert bash_tool(Broken(), tmp_path, Limits(), network=True).foreign
    assert tool.limit is not None
    assert tool.limit > 90


async def test_a_command_that_no_shell_takes_is_a_failed_result(surroundings: World) -> None:
    tool = bash_tool(sandbox(PRESENT[0]), surroundings.workspace, Limits())
    result = await call(Toolbox([tool]), '{"command":"a\\u0000b"}')
    assert result.failed
    assert "NUL" in result.content


class Broken:
    """A sandbox that cannot be set up any more."""

    name = "broken"
    hold = Hold.HARD

    async def run(
        self,
        command: str,
        *,
        workspace: Path,
        limits: Limits,
        network: bool = False,
        heard: Heard | None = None,
    ) -> Outcome:
        raise SandboxBroken("bwrap: /home/owner/secret: Permission denied")


async def test_what_broke_a_sandbox_is_for_the_owner_alone(tmp_path: Path) -> None:
    result = await call(Toolbox([bash_tool(Broken(), tmp_path, Limits())]), '{"command":"ls"}')
    assert result.failed
    assert result.content == "The sandbox failed, so the command was not run."


@pytest.mark.parametrize(
    ("killed", "words"),
    [
        (Killed.TIME, "[killed: it took longer than 60 s]"),
        (Killed.MEMORY, "[killed: 512m memory limit]"),
        (Killed.DISK, "[killed: the workspace may hold 1g in 50000 files: remove some]"),
    ],
)
def test_a_model_is_told_which_limit_ended_a_command(killed: Killed, words: str) -> None:
    assert told(Outcome(Output(b"half"), Output(), None, killed), Limits()) == f"half\n{words}"


def test_a_command_that_said_nothing_is_told_to_have() -> None:
    assert told(Outcome(Output(), Output(), 0), Limits()) == "[it said nothing]"


def test_of_much_output_the_beginning_the_end_and_the_status_are_told() -> None:
    much = Output(b"a" * 100_000 + b"end")
    text = told(Outcome(much, much, 1), Limits())
    assert len(text) <= LONGEST_RESULT
    assert text.count("end\n") == 2
    assert text.endswith("[exit status 1]")


async def test_a_conversation_keeps_no_second_copy_of_a_long_script(tmp_path: Path) -> None:
    arguments = f'{{"command":"{"x" * 50_000}"}}'
    result = await call(Toolbox([bash_tool(Broken(), tmp_path, Limits())]), arguments)
    assert result.arguments is None or len(result.arguments) < 3_000
