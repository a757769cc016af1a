"""The guard in tests/conftest.py, which keeps every other test on this machine."""

import asyncio
import contextlib
import socket
from pathlib import Path

import pytest

from tests import conftest

# From the block that RFC 5737 reserves for documentation: nobody answers there.
ELSEWHERE = "192.0.2.1"


@contextlib.contextmanager
def refused():
    with pytest.raises(conftest.NetworkRefused):
        yield
    conftest._refused.clear()


def test_a_connection_to_another_machine_is_refused():
    with socket.socket() as sock, refused():
        sock.connect((ELSEWHERE, 80))


def test_a_datagram_to_another_machine_is_refused():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock, refused():
        sock.sendto(b"hello", (ELSEWHERE, 53))


def test_a_name_is_not_looked_up():
    with refused():
        socket.getaddrinfo("example.com", 80)


async def test_asyncio_is_guarded_too():
    with refused():
        await asyncio.open_connection(ELSEWHERE, 80)


async def test_loopback_is_allowed():
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1")
    async with server:
        host, port = server.sockets[0].getsockname()
        _reader, writer = await asyncio.open_connection(host, port)
        writer.close()
        await writer.wait_closed()


async def test_a_unix_socket_is_allowed(tmp_path: Path):
    path = tmp_path / "argent.sock"
    server = await asyncio.start_unix_server(lambda _reader, writer: writer.close(), path)
    async with server:
        _reader, writer = await asyncio.open_unix_connection(path)
        writer.close()
        await writer.wait_closed()
