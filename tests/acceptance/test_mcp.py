"""A real gateway uses a real MCP server, and leaves nothing of it behind."""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path

import pytest

from tests.acceptance.test_cli import PATIENCE, Argent, argent
from tests.emulators.llm import Call
from tests.emulators.mcp.traits import Traits
from tests.emulators.openai import OpenAIEmulator

__all__ = ["argent"]

pytestmark = pytest.mark.acceptance


def configured(argent: Argent, llm: OpenAIEmulator) -> None:
    """A gateway that thinks with the emulator, and has one server."""
    argent.state.mkdir(mode=0o700)
    traits = str(Traits(stays=True, child=True))
    command = [sys.executable, "-m", "tests.emulators.mcp.stdio", traits]
    written = ", ".join(f"'{word}'" for word in command)
    folder = argent.environ["PYTHONPATH"]
    config = argent.state / "argent.toml"
    config.write_text(f"[mcp.files]\ncommand = [{written}]\ncwd = '{folder}'\n")
    config.chmod(0o600)
    argent.environ |= {
        "ARGENT_AGENTS__DEFAULTS__MODEL": "openai:test-model",
        "OPENAI_BASE_URL": llm.url,
        "OPENAI_API_KEY": "sk-test-0123456789",
    }


async def begun(argent: Argent) -> Process:
    """A gateway whose server is connected."""
    gateway = await asyncio.create_subprocess_exec(
        *argent.command("gateway", "run"), env=argent.environ, stdout=DEVNULL, stderr=PIPE
    )
    assert gateway.stderr is not None
    async with asyncio.timeout(PATIENCE):
        while line := await gateway.stderr.readline():
            if b"mcp_server_connected" in line:
                return gateway
    raise AssertionError("the gateway ended")


async def asked(argent: Argent, text: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *argent.command("ask", text), env=argent.environ, stdin=DEVNULL, stdout=PIPE
    )
    out, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    return out.decode()


def below(pid: int) -> set[int]:
    """All descendants of a process."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            found |= {child} | below(child)
    return found


async def gone(pid: int) -> None:
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(watched, ended.set)
    try:
        await asyncio.wait_for(ended.wait(), PATIENCE)
    finally:
        asyncio.get_running_loop().remove_reader(watched)
        os.close(watched)


@pytest.mark.parametrize("killed", [False, True], ids=["stopped", "killed"])
async def test_a_gateway_uses_a_server_and_takes_it_with_it(argent: Argent, killed: bool) -> None:
    async with OpenAIEmulator() as llm:
        llm.answers(Call("files__echo", '{"text":"forty-two"}'), "It says forty-two.")
        configured(argent, llm)
        gateway = await begun(argent)
        try:
            assert "It says forty-two." in await asked(argent, "What does the file say?")
            assert "external server 'files'" in str(llm.asked[-1].messages)
            descendants = below(gateway.pid)
            assert len(descendants) == 3  # its leash, the server, and the server's own child
        finally:
            if killed:
                gateway.kill()
            else:
                gateway.terminate()
            code = await asyncio.wait_for(gateway.wait(), PATIENCE)
        assert code == (-9 if killed else 0)
        for pid in descendants:
            await gone(pid)
