"""A real gateway is asked over HTTP how it is."""

import re
import signal
import stat
from pathlib import Path

import aiohttp
import pytest

from tests.acceptance.gateway_process import GatewayProcess, world

pytestmark = pytest.mark.acceptance


async def asked(there: GatewayProcess, path: str, token: str | None = None) -> tuple[int, str]:
    """What a gateway answers, with the token that it keeps."""
    port = re.findall(r'"event":"http_listens".*"port":(\d+)', "".join(there.lines))[-1]
    token = token if token is not None else (there.state / "http-token").read_text().strip()
    shown = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession(headers=shown) as client,
        client.get(f"http://127.0.0.1:{port}{path}") as answer,
    ):
        return answer.status, await answer.text()


async def test_a_gateway_tells_how_it_is_and_what_it_did(tmp_path: Path) -> None:
    async with world(tmp_path, settings=["gateway.port=0"]) as there:
        alice = there.telegram.user("Alice")
        await there.gateway.start()
        await there.gateway.logged("http_listens")
        await alice.says("hi")
        await alice.hears()
        await there.gateway.settled()
        token = there.gateway.state / "http-token"
        assert stat.S_IMODE(token.stat().st_mode) == 0o600
        assert await asked(there.gateway, "/healthz") == (200, '{"live":true}')
        assert await asked(there.gateway, "/readyz") == (200, '{"ready":true,"reasons":[]}')
        assert (await asked(there.gateway, "/readyz", "x" * 43))[0] == 401
        _, figures = await asked(there.gateway, "/metrics")
        for line in (
            'argent_messages_ended_total{channel="telegram",outcome="replied"} 1.0',
            'argent_parts_sent_total{channel="telegram"} 1.0',
            'argent_parts_owed{channel="telegram"} 0.0',
            'argent_channel_condition{channel="telegram",condition="healthy",kind="telegram"} 1.0',
        ):
            assert line in figures
        synced = dict(re.findall(r'sync_seconds_count{store="(\w+)"} (\S+)', figures))
        assert all(float(count) > 0 for count in synced.values())
        assert set(synced) == {"histories", "ledger"}
        assert "Alice" not in figures
        kept = token.read_text()
        assert await there.gateway.terminate() == 0
        await there.gateway.start()
        await there.gateway.logged("http_listens", 2)
        assert (await asked(there.gateway, "/healthz", kept.strip()))[0] == 200
        assert kept.strip() not in "".join(there.gateway.lines)


async def test_a_stopping_gateway_says_that_it_is_not_ready(tmp_path: Path) -> None:
    async with world(tmp_path, settings=["gateway.port=0"], latency=2.0) as there:
        alice = there.telegram.user("Alice")
        await there.gateway.start()
        await there.gateway.logged("http_listens")
        await alice.says("before the end")
        await there.asked(1)
        there.gateway.signal(signal.SIGTERM)
        await there.gateway.logged("stopping")
        status, why = await asked(there.gateway, "/readyz")
        assert status == 503
        assert '"it is stopping"' in why
        assert (await asked(there.gateway, "/healthz"))[0] == 200
        assert await there.gateway.ended() == 0


async def test_a_port_that_is_taken_keeps_a_gateway_from_starting(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    taken = [f"gateway.port={unused_tcp_port}"]
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    async with (
        world(tmp_path / "one", settings=taken) as one,
        world(tmp_path / "two", settings=taken) as two,
    ):
        await one.gateway.start()
        await two.gateway.spawn()
        assert await two.gateway.ended() == 1
        assert "another program listens there already" in two.gateway.tail()
        assert "choose another port" in two.gateway.tail()
        assert not two.telegram.calls
