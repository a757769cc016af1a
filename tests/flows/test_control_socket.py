"""The control socket of a running gateway, as its clients see it."""

import asyncio
import os
import socket
import stat
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.admin_errors import AdminError
from gateway.api import control
from gateway.api.client import ControlClient
from gateway.api.control import ControlServer
from gateway.api.frames import LONGEST_FRAME, line, parse
from gateway.api.unix_socket import LONGEST, address
from gateway.cli.chat_link import ChatLink, new_source
from gateway.paths import socket_file
from state.codec import dumps, entry_to_json, session_to_json
from state.keys import SessionKey
from state.lifecycle import Phase
from state.store import StorageFailed
from tests.contracts.examples import after, session, turn
from tests.flows.stage import Gate, stage, words
from tests.flows.world import World, bash, fetch

PATIENCE = 10.0


@asynccontextmanager
async def served(folder: Path, **parts: Any):
    """A stage whose gateway is reached through the socket in `folder`."""
    async with stage(**parts) as argent:
        server = ControlServer(argent.gateway, folder)
        await server.start()
        try:
            yield argent
        finally:
            await server.stop()


async def call(folder: Path, operation: str, **given: object):
    """What the command line does: connect, ask, read."""

    def ask():
        client = ControlClient.connect(socket_file(folder))
        assert client is not None
        with client:
            return client.call(operation, given, PATIENCE)

    return await asyncio.to_thread(ask)


class Client:
    """A client that sends what it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def connect(cls, folder: Path) -> "Client":
        with address(socket_file(folder)) as name:
            return cls(*await asyncio.open_unix_connection(name))

    async def next(self):
        async with asyncio.timeout(PATIENCE):
            return parse(await self.reader.readline())

    async def ended(self) -> bool:
        async with asyncio.timeout(PATIENCE):
            try:
                while await self.reader.read(1 << 16):
                    pass
            except ConnectionError:
                return True
        return True


@asynccontextmanager
async def chatting(folder: Path):
    """A chat, and the frames that it got so far."""
    async with ChatLink.open(socket_file(folder)) as link:
        frames: asyncio.Queue = asyncio.Queue()

        async def watch() -> None:
            async for frame in link.frames():
                frames.put_nowait(frame)

        watching = asyncio.create_task(watch())
        async with asyncio.timeout(PATIENCE):
            await link.attach()
            yield link, frames
        watching.cancel()


async def until(frames: asyncio.Queue, kind: str):
    """The frames up to the first one of a kind."""
    seen = []
    while not seen or seen[-1]["frame"] != kind:
        seen.append(await frames.get())
    return seen


async def test_only_the_owner_can_reach_the_socket(tmp_path):
    async with served(tmp_path):
        mode = socket_file(tmp_path).stat().st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == 0o600
        assert stat.S_IMODE(tmp_path.stat().st_mode) & 0o077 == 0


async def test_an_operator_has_a_session_summarised_and_takes_it_back(tmp_path):
    async with served(tmp_path) as argent:
        for number in range(12):
            await argent.says(f"question {number}" + " and so on" * 40)
            await argent.hears()
        done = await call(tmp_path, "sessions.compact", session="terminal", keep="names")
        assert done["messages"] == [1, 14]
        assert done["tokens"]["after"] < done["tokens"]["before"]
        (row,) = await argent.ledger.listing()
        assert row.phase is Phase.COMPACTED
        await argent.says("go on")
        await argent.hears()
        assert words(argent.model.requests[-1])[0].startswith("[Summary of the 14 messages")
        undone = await call(tmp_path, "sessions.undo", session="terminal")
        assert undone["undone"]
        await argent.says("and now?")
        await argent.hears()
        assert words(argent.model.requests[-1])[0].startswith("question 0 and so on")
        again = await call(tmp_path, "sessions.undo", session="terminal")
        assert (again["undone"], again["tokens"]) == (False, None)


async def test_an_operation_is_carried_out_by_the_gateway(tmp_path):
    async with served(tmp_path) as argent:
        await argent.says("hello")
        await argent.hears()
        done = await call(tmp_path, "sessions.clear", names=["terminal"])
        assert done["cleared"][0]["key"] == "terminal:local:main"
        assert await argent.history() == ()
        await argent.says("again")
        await argent.hears()
        assert len(await argent.history()) == 2


async def test_a_clear_waits_for_the_running_turn(tmp_path):
    async with served(tmp_path) as argent:
        await argent.says("hello")
        await argent.hears()
        gate = Gate()
        argent.model.will(gate)
        await argent.says("think long")
        await asyncio.wait_for(gate.reached.wait(), PATIENCE)
        clearing = asyncio.create_task(call(tmp_path, "sessions.clear", all=True))
        await call(tmp_path, "status")
        assert not clearing.done()
        gate.open.set()
        await argent.hears()
        assert "cleared" in await clearing
        assert await argent.history() == ()


async def test_a_text_of_any_length_goes_with_the_next_request_and_with_no_other(tmp_path):
    long = turn(1, asks="é\x01" * LONGEST_FRAME)
    lines = "\n".join(dumps(entry_to_json(entry)).decode() for entry in long)
    facts = session_to_json(after(session(), long))
    async with served(tmp_path) as argent:

        def ask():
            client = ControlClient.connect(socket_file(tmp_path))
            assert client is not None
            with client:
                client.put(lines)
                client.call("sessions.import", {"session": facts}, PATIENCE)
                empty = session_to_json(session("2"))
                return client.call("sessions.import", {"session": empty}, PATIENCE)

        assert (await asyncio.to_thread(ask))["key"] == "telegram:2:main"
        assert list(await argent.gateway.sessions.entries(session().id)) == long
        assert await argent.gateway.sessions.entries(session("2").id) == ()


async def test_more_than_a_gateway_keeps_for_a_request_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(control, "MOST_PUT", 10)
    async with served(tmp_path):
        with pytest.raises(AdminError, match="10 characters") as refused:
            await call(tmp_path, "put", text="x" * 11)
        assert "argent gateway stop" in str(refused.value.hint)


async def test_a_conversation_that_moved_here_is_reached_by_all_its_keys(tmp_path):
    moved = SessionKey.parse("telegram:1:group")
    home = SessionKey.parse("loopback:9:group")
    facts = replace(after(session(), turn(1)), id=home.session_id, key=moved, keys=(home, moved))
    async with served(tmp_path) as argent:
        lines = "\n".join(dumps(entry_to_json(entry)).decode() for entry in turn(1))
        given = {"session": session_to_json(facts), "lines": lines}
        await call(tmp_path, "sessions.import", **given)
        assert await argent.gateway.ledger.aliases() == {str(moved): home.session_id}


async def test_a_refusal_keeps_its_code_and_hint(tmp_path):
    async with served(tmp_path):
        with pytest.raises(AdminError) as caught:
            await call(tmp_path, "sessions.clear", names=["telegram:1"])
        assert caught.value.code == "not_found"
        assert caught.value.hint


async def test_no_gateway_is_told_apart_from_one_that_left_its_socket(tmp_path):
    assert ControlClient.connect(socket_file(tmp_path)) is None
    left = socket.socket(socket.AF_UNIX)
    left.bind(os.fspath(socket_file(tmp_path)))
    left.close()
    assert ControlClient.connect(socket_file(tmp_path)) is None
    async with served(tmp_path):
        assert (await call(tmp_path, "status"))["gateway"]["pid"] == os.getpid()
    assert not socket_file(tmp_path).exists()


async def test_something_else_in_the_sockets_place_is_left_alone(tmp_path):
    socket_file(tmp_path).write_text("mine")
    async with stage() as argent:
        with pytest.raises(StorageFailed, match="in the way"):
            await ControlServer(argent.gateway, tmp_path).start()
    assert socket_file(tmp_path).read_text() == "mine"


async def test_a_folder_with_a_long_name_works_too(tmp_path):
    folder = tmp_path / ("x" * 100) / ("y" * 100)
    assert len(os.fsencode(socket_file(folder))) > LONGEST
    async with served(folder):
        assert (await call(folder, "status"))["gateway"]["model"] == "scripted"


async def test_a_chat_streams_its_answer_and_then_brings_it_whole(tmp_path):
    async with served(tmp_path), chatting(tmp_path) as (link, frames):
        source = new_source()
        await link.say("one two", source)
        seen = await until(frames, "message")
        deltas = "".join(f["text"] for f in seen if f["frame"] == "delta")
        assert deltas.strip() == "echo: one two"
        assert seen[-1]["text"] == "echo: one two"
        assert {f["source"] for f in seen} == {source}


async def test_what_is_said_twice_under_one_name_is_run_once(tmp_path):
    async with served(tmp_path) as argent, chatting(tmp_path) as (link, frames):
        await link.say("hello", "the-same")
        await link.say("hello", "the-same")
        await until(frames, "message")
        await argent.settled()
        assert len(argent.model.requests) == 1


async def test_answers_that_nobody_heard_arrive_when_somebody_listens(tmp_path):
    async with served(tmp_path) as argent:
        await call(tmp_path, "say", text="anybody?")
        await asyncio.wait_for(argent.gateway.lanes.settled(), PATIENCE)
        async with chatting(tmp_path) as (_, frames):
            (frame,) = await until(frames, "message")
            assert frame["text"] == "echo: anybody?"


async def test_two_terminals_hear_the_same_chat_but_follow_only_their_own(tmp_path):
    async with (
        served(tmp_path),
        chatting(tmp_path) as (link, mine),
        chatting(tmp_path) as (_, other),
    ):
        await link.say("hello", new_source())
        await until(mine, "message")
        (frame,) = await until(other, "message")
        assert frame["text"] == "echo: hello"


async def test_stop_ends_the_running_turn(tmp_path):
    async with served(tmp_path) as argent, chatting(tmp_path) as (link, frames):
        gate = Gate()
        argent.model.will(gate)
        source = new_source()
        await link.say("think long", source)
        await asyncio.wait_for(gate.reached.wait(), PATIENCE)
        await link.say("/stop", new_source())
        seen = await until(frames, "ended")
        while seen[-1].get("source") != source:
            seen += await until(frames, "ended")
        assert seen[-1]["outcome"] == "declined"


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"not json\n", "not a line of JSON"),
        (b"[]\n", "must hold one object"),
        (b'{"id":1}\n', "there is no operation None"),
        (b'{"id":1,"do":"sessions.clear","with":7}\n', "sessions.clear"),
        (b'{"id":1,"do":"say","with":{"text":"  "}}\n', "nothing was said"),
        (b'{"id":1,"do":"say","with":{"text":9}}\n', "must be a text"),
        (b'{"id":1,"do":"say","with":[]}\n', "must be a text"),
    ],
)
async def test_nonsense_is_refused_and_the_connection_goes_on(tmp_path, sent, said):
    async with served(tmp_path):
        client = await Client.connect(tmp_path)
        client.writer.write(sent)
        reply = await client.next()
        assert reply["ok"] is False
        assert reply["error"]["code"] == "usage"
        assert said in reply["error"]["message"]
        client.writer.write(line({"id": 2, "do": "status"}))
        assert (await client.next())["ok"] is True
        client.writer.close()


async def test_a_line_without_end_is_refused_and_closed(tmp_path):
    async with served(tmp_path):
        client = await Client.connect(tmp_path)
        client.writer.write(b"x" * (LONGEST_FRAME + 2))
        reply = await client.next()
        assert "bytes long" in reply["error"]["message"]
        assert await client.ended()
        client.writer.close()


async def test_a_client_that_does_not_read_is_closed_and_delays_nobody(tmp_path):
    async with served(tmp_path) as argent:
        deaf = socket.socket(socket.AF_UNIX)
        deaf.settimeout(PATIENCE)
        deaf.connect(os.fspath(socket_file(tmp_path)))
        deaf.sendall(line({"id": 1, "do": "chat"}))
        assert b"true" in await asyncio.to_thread(deaf.recv, 100)
        argent.model.will(*["y" * LONGEST_FRAME] * 6)
        for _ in range(6):
            await argent.says("talk")
            await argent.hears()
        await argent.settled()
        with deaf:
            received = await asyncio.to_thread(_read_to_the_end, deaf)
        assert received < control.MOST_UNREAD + 2 * LONGEST_FRAME


def _read_to_the_end(deaf: socket.socket) -> int:
    received = 0
    try:
        while chunk := deaf.recv(1 << 16):
            received += len(chunk)
    except ConnectionError:
        pass
    return received


async def test_an_operator_sees_calls_that_wait_and_decides_about_them(tmp_path):
    world = World()
    parts = {"shelves": [world.shelf]}
    async with served(tmp_path, **parts) as argent:
        argent.model.will(fetch(), bash("ls"), bash("rm x", "call-2"), "Done.")
        with argent.gateway.terminal.listen() as arrived:
            await argent.says("look and act")
            parts = aiter(arrived)
            await anext(parts)
            (waiting,) = (await call(tmp_path, "approvals.list"))["approvals"]
            assert (waiting["tool"], waiting["session"]) == ("bash", "terminal_local_main")
            assert '"command": "ls"' in waiting["arguments"]
            done = await call(tmp_path, "approvals.approve", code=waiting["code"].lower())
            assert done == {"approved": True, "call": waiting}
            with pytest.raises(AdminError, match="no call waits"):
                await call(tmp_path, "approvals.approve", code=waiting["code"])
            await anext(parts)
            (second,) = (await call(tmp_path, "approvals.list"))["approvals"]
            assert second["digest"] != waiting["digest"]
            await call(tmp_path, "approvals.deny", code=second["code"])
            assert (await anext(parts)).part.text == "Done."
        assert world.ran == ["ls"]
        assert await call(tmp_path, "approvals.list") == {"approvals": []}


async def test_a_server_stops_also_where_its_socket_cannot_be_removed(tmp_path: Path):
    async with served(tmp_path):
        path = socket_file(tmp_path)
        path.unlink()
        # Not even an owner of the folder can unlink what is a folder.
        path.mkdir()
    path.rmdir()
