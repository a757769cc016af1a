"""Servers that are programs, as they are: they die, hang, flood, chatter, change their minds."""

import asyncio
import gc
import os
import signal
import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from agents.tools.mcp.bounds import LARGEST_MESSAGE, MOST_PARTS
from agents.tools.mcp.config import McpSettings
from agents.tools.mcp.server import Condition, Patience
from agents.tools.mcp.servers import McpServers
from agents.tools.mcp.stderr import MOST_LINES
from agents.tools.mcp.stdio import MOST_NOISE, environment
from agents.tools.tool import LONGEST_RESULT
from state.keys import SessionType
from tests.emulators.mcp.traits import Traits
from tests.unit.agents.tools.mcp.serving import (
    SECONDS,
    box,
    call,
    connected,
    failed,
    program,
    running,
)

SOON = Patience(answering=0.5)


async def gone(pid: int) -> None:
    """Wait until a process, which is a child of somebody else, has ended."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(watched, ended.set)
    try:
        async with asyncio.timeout(SECONDS):
            await ended.wait()
    finally:
        asyncio.get_running_loop().remove_reader(watched)
        os.close(watched)


def children(of: int) -> list[int]:
    listed = Path(f"/proc/{of}/task/{of}/children").read_text()
    return [int(pid) for pid in listed.split()]


def leashes() -> list[int]:
    """The processes that hold servers, which are children of this one."""
    me = os.getpid()
    every = [c for task in Path(f"/proc/{me}/task").iterdir() for c in _of(task)]
    return [pid for pid in every if b"leash.py" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def _of(task: Path) -> list[int]:
    return [int(pid) for pid in (task / "children").read_text().split()]


async def test_a_model_calls_a_tool_and_hears_whose_words_they_are() -> None:
    async with running(files=program()) as servers:
        await connected(servers)
        result = await call(servers, "files__echo", text="hello")
        assert result.content == "[from the external server 'files']\nhello"
        assert not result.failed


async def test_what_is_no_text_is_named_in_words() -> None:
    async with running(files=program()) as servers:
        await connected(servers)
        assert (await call(servers, "files__picture")).content.splitlines()[1:] == [
            "see:",
            "[image: image/png, about 9 bytes, which cannot be shown here]",
            "[audio: audio/ogg, about 9 bytes, which cannot be shown here]",
            "[a link: a.txt, file:///a.txt]",
            "[file:///b.txt]",
            "inside",
            "[file:///c.bin: application/zip, about 9 bytes, which cannot be shown here]",
        ]
        assert (await call(servers, "files__facts")).content.endswith('\n{"degrees":21}')


@pytest.mark.parametrize(
    ("tool", "says"),
    [
        ("fail", "[from the external server 'files']\nthere is no such page"),
        ("refuse", "[from the external server 'files']\nthe moon is not full"),
        ("wrong", "The server's answer is not as MCP defines it."),
    ],
)
async def test_what_fails_is_a_failed_result_and_the_server_goes_on(tool: str, says: str) -> None:
    async with running(files=program()) as servers:
        await connected(servers)
        result = await call(servers, f"files__{tool}")
        assert (result.failed, result.content) == (True, says)
        assert not (await call(servers, "files__echo", text="still here")).failed


async def test_a_long_result_is_cut() -> None:
    async with running(files=program()) as servers:
        await connected(servers)
        result = await call(servers, "files__big", size=LONGEST_RESULT * 10)
        assert len(result.content) < LONGEST_RESULT + 100


async def test_a_thousand_tools_come_page_by_page_and_the_owner_chooses() -> None:
    settings = program(Traits(more=1_000, page=90), tools=("more_99*",))
    async with running(files=settings) as servers:
        health = await connected(servers)
        assert health.tools == 11
        assert health.problem is None


@pytest.mark.parametrize("modern", [False, True], ids=["2025", "2026"])
async def test_a_changed_list_is_read_again(modern: bool) -> None:
    async with running(files=program(Traits(modern=modern))) as servers:
        before = (await connected(servers)).tools
        await call(servers, "files__grow")
        await connected(servers, tools=before + 1)
        assert f"files__grown_{before}" in {spec.name for spec in box(servers).specs}


async def test_a_program_that_chatters_before_it_speaks_is_understood() -> None:
    async with running(files=program(Traits(banner=3))) as servers:
        await connected(servers)


@pytest.mark.parametrize(
    ("traits", "says"),
    [
        (Traits(dies="no license found"), "it ended: no license found"),
        (Traits(banner=MOST_NOISE + 1), "what it writes is not MCP"),
        (Traits(flood=LARGEST_MESSAGE + 1), "it sent a message of more than 4 MB"),
        (Traits(flood=MOST_PARTS + 1, flood_of="["), "it sent a message that is too intricate"),
    ],
    ids=["dies", "garbage", "flood", "maze"],
)
async def test_a_program_that_cannot_be_used_says_why(traits: Traits, says: str) -> None:
    async with running(files=program(traits)) as servers:
        assert await failed(servers) == says
        assert servers.tools(None, SessionType.MAIN) == ()


async def test_a_program_that_is_not_there_says_so() -> None:
    async with running(files=McpSettings(command=("no-such-program",))) as servers:
        assert await failed(servers) == (
            "it ended: cannot start no-such-program: No such file or directory"
        )


async def test_a_folder_that_is_not_there_is_named() -> None:
    async with running(files=program(cwd="/no/such/folder")) as servers:
        assert "/no/such/folder" in await failed(servers)


async def test_a_program_that_says_nothing_is_given_up() -> None:
    patience = Patience(connecting=0.5)
    async with running(patience, files=program(Traits(deaf=True))) as servers:
        assert await failed(servers) == "it does not answer"


async def test_a_server_that_dies_in_a_call_is_told_to_the_model_and_started_again() -> None:
    async with running(files=program()) as servers:
        await connected(servers)
        result = await call(servers, "files__die")
        assert result.failed
        assert result.content == "The external server 'files' is not reachable now."
        await connected(servers)
        assert not (await call(servers, "files__echo", text="a")).failed


async def test_a_server_that_hangs_is_started_again() -> None:
    async with running(SOON, files=program(timeout=0.2)) as servers:
        await connected(servers)
        assert (await call(servers, "files__stall")).content == "The tool took longer than 0.2 s."
        assert await failed(servers) == "it does not answer"
        await connected(servers)
        assert not (await call(servers, "files__echo", text="again")).failed


async def test_a_turn_that_is_stopped_takes_its_call_back_at_once() -> None:
    async with running(files=program()) as servers:
        await connected(servers)
        turn = asyncio.create_task(call(servers, "files__hold"))
        # The server answers in order, so it has the call when it has answered this one.
        await call(servers, "files__echo", text="a")
        turn.cancel()
        with pytest.raises(asyncio.CancelledError):
            await turn
        assert (await call(servers, "files__taken_back")).content.endswith("\n1")


async def test_a_server_that_reads_nothing_does_not_keep_a_turn_that_is_stopped() -> None:
    async with running(files=program()) as servers:
        await connected(servers)
        calls = [("files__stall", ""), *[("files__echo", "x" * 300_000)] * 10]
        turns = [asyncio.create_task(call(servers, tool, text=text)) for tool, text in calls]
        await asyncio.wait(turns, timeout=0.1)
        for turn in turns:
            turn.cancel()
        async with asyncio.timeout(1.0):
            await asyncio.gather(*turns, return_exceptions=True)


async def test_a_program_is_given_nothing_of_our_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-ours")
    settings = program(env={"TOKEN": "theirs"})
    async with running(files=settings) as servers:
        await connected(servers)
        said = (await call(servers, "files__environment")).content
        names = {line.partition("=")[0] for line in said.splitlines()[1:]}
        # LC_CTYPE is Python's own: it sets it where no locale is.
        assert names - {"LC_CTYPE"} <= {"PATH", "HOME", "LANG", "TOKEN"}
        assert "TOKEN=theirs" in said


def test_what_is_configured_beats_what_is_inherited() -> None:
    ours = {"PATH": "/bin", "HOME": "/home/jo", "SECRET": "s"}
    assert environment({"HOME": "/srv"}, ours) == {"PATH": "/bin", "HOME": "/srv"}


async def test_what_a_program_complains_of_is_logged_but_never_without_end() -> None:
    with capture_logs() as lines:
        async with running(files=program(Traits(complains=10_000))) as servers:
            await connected(servers)
    said = [line for line in lines if line["event"] == "mcp_server_says"]
    assert said[0]["line"] == "complaint 0"
    assert len(said) == MOST_LINES
    assert [line for line in lines if line["event"] == "mcp_server_says_too_much"]


@pytest.mark.parametrize("stays", [False, True])
async def test_nothing_of_a_program_outlives_the_gateway_that_stops(stays: bool) -> None:
    with capture_logs() as lines:
        async with running(files=program(Traits(stays=stays, child=True))) as servers:
            await connected(servers)
            (leash,) = leashes()
            (server,) = children(leash)
    assert not leashes()
    await gone(server)
    child = next(line["line"] for line in lines if str(line.get("line")).startswith("child "))
    await gone(int(child.split()[1]))


async def test_a_stop_while_a_program_is_being_left_leaves_nothing_either() -> None:
    patience = Patience(connecting=0.3)
    async with running(patience, files=program(Traits(deaf=True, stays=True))) as servers:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(failed(servers), 0.8)
        (leash,) = leashes()
        (server,) = children(leash)
    assert not leashes()
    await gone(server)
    gc.collect()  # complains of what was not closed


async def test_a_program_goes_with_its_leash() -> None:
    async with running(files=program(Traits(stays=True))) as servers:
        await connected(servers)
        (leash,) = leashes()
        (server,) = children(leash)
        os.kill(leash, signal.SIGKILL)
        await gone(server)


GATEWAY = """
import asyncio, sys
from agents.tools.mcp.config import McpSettings
from agents.tools.mcp.servers import McpServers

async def main():
    servers = McpServers({"files": McpSettings(command=tuple(sys.argv[1:]))})
    servers.start()
    await servers.until("files", lambda health: health.tools)
    print("ready", flush=True)
    await asyncio.get_running_loop().create_future()

asyncio.run(main())
"""


async def test_nothing_of_a_program_outlives_a_gateway_that_is_killed() -> None:
    command = program(Traits(stays=True, child=True)).command or ()
    gateway = await asyncio.create_subprocess_exec(
        sys.executable, "-c", GATEWAY, *command, stdout=asyncio.subprocess.PIPE
    )
    assert gateway.stdout is not None
    async with asyncio.timeout(SECONDS):
        while (line := await gateway.stdout.readline()) and line != b"ready\n":
            pass
    (leash,) = children(gateway.pid)
    descendants = [leash, *children(leash), *(c for s in children(leash) for c in children(s))]
    assert len(descendants) == 3
    gateway.kill()
    await gateway.wait()
    for pid in descendants:
        await gone(pid)


async def test_without_servers_nothing_is_imported_and_nothing_runs() -> None:
    servers = McpServers({"files": program(enabled=False)})
    servers.start()
    assert servers.tools(None, SessionType.MAIN) == ()
    assert [health.condition for health in servers.health()] == [Condition.DISABLED]
    await servers.stop()
