"""Messages as traces, at a collector that takes them or does not."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from agents.errors import Overloaded
from gateway.config import Settings
from gateway.observing import Observing
from gateway.tracing import sending
from gateway.tracing.errors import TracingNotInstalled
from state.history import ToolCall, Usage
from tests.flows.stage import Stage, stage

KEY = "a-collectors-own-key"
SECRET = "nobody else shall read this"


class Collector:
    """Takes traces by OTLP over HTTP, as `status` says."""

    def __init__(self) -> None:
        self.status = 200
        self.misled: list[str] = []
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.port = 0
        self._came = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        seen = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append((seen, await request.read()))
        self._came.set()
        headers = {"Location": "/elsewhere"} if self.status == 307 else {}
        return web.Response(status=self.status, headers=headers)

    async def led_on(self, request: web.Request) -> web.Response:
        self.misled.append(request.method)
        return web.Response()

    async def came(self) -> None:
        async with asyncio.timeout(10):
            await self._came.wait()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1/traces"

    def spans(self) -> list[tuple[str, str, dict[str, object]]]:
        """Every span: its name, the name of what it is part of, and its attributes."""
        found = []
        for _, body in self.requests:
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                found += [span for scope in resource.scope_spans for span in scope.spans]
        names = {span.span_id: span.name for span in found}
        return [
            (
                span.name,
                names.get(span.parent_span_id, ""),
                {a.key: getattr(a.value, a.value.WhichOneof("value")) for a in span.attributes},
            )
            for span in found
        ]


@pytest.fixture
async def collector(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Collector]:
    monkeypatch.setattr(sending, "_DELAY", 20)
    made = Collector()
    app = web.Application()
    app.router.add_post("/v1/traces", made.take)
    app.router.add_route("*", "/elsewhere", made.led_on)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.port = runner.addresses[0][1]
    yield made
    await runner.cleanup()


def telemetry(endpoint: str, **more: object) -> Settings:
    settings = {"endpoint": endpoint, "headers": {"X-Key": KEY}, **more}
    return Settings.model_validate({"telemetry": settings})


async def converse(on: Stage) -> None:
    on.model.usage = Usage(100, 7)
    on.model.will(Overloaded("503"))
    await on.says(SECRET, source="1")
    await on.hears()
    on.model.will((ToolCall("c1", "current_time", "{}"),))
    await on.says(SECRET, source="2")
    await on.hears()


async def test_a_collector_is_told_times_ids_and_figures_and_no_words(
    collector: Collector, tmp_path: Path
) -> None:
    async with (
        stage() as on,
        Observing(telemetry(collector.endpoint), tmp_path).following(on.gateway),
    ):
        await converse(on)
    spans = collector.spans()
    assert sorted((name, parent) for name, parent, _ in spans) == sorted(
        [
            *[("message", ""), ("turn", "message"), ("model call", "turn"), ("send", "message")],
            *[("message", ""), ("turn", "message"), ("send", "message")],
            *[("model call", "turn"), ("tool", "turn"), ("model call", "turn")],
        ]
    )
    (tool,) = (told for name, _, told in spans if name == "tool")
    assert tool == {"gen_ai.tool.name": "current_time"}
    outcomes = [told["argent.outcome"] for name, _, told in spans if name == "message"]
    assert sorted(outcomes) == ["failed", "replied"]
    for headers, body in collector.requests:
        assert headers["x-key"] == KEY
        assert SECRET.encode() not in body
        assert KEY.encode() not in body


async def test_nothing_is_told_of_messages_that_are_not_sampled(
    collector: Collector, tmp_path: Path
) -> None:
    settings = telemetry(collector.endpoint, sample=0.0)
    async with stage() as on, Observing(settings, tmp_path).following(on.gateway):
        await converse(on)
    assert collector.requests == []


async def test_a_collector_that_fails_is_told_of_once_and_delays_nobody(
    collector: Collector, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    collector.status = 400
    async with (
        stage() as on,
        Observing(telemetry(collector.endpoint), tmp_path).following(on.gateway),
    ):
        for number in range(3):
            await on.says("hi", source=str(number))
            await on.hears()
        await collector.came()
    assert capsys.readouterr().out.count("traces_not_taken") == 1


async def test_a_collector_that_leads_elsewhere_is_not_followed(
    collector: Collector,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    unused_tcp_port: int,
) -> None:
    """What it is sent holds its key, which is for it alone."""
    collector.status = 307
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{unused_tcp_port}")
    async with (
        stage() as on,
        Observing(telemetry(collector.endpoint), tmp_path).following(on.gateway),
    ):
        await on.says("hi")
        await on.hears()
        await collector.came()
    assert collector.misled == []


async def test_a_gateway_ends_in_time_when_its_collector_is_gone(
    collector: Collector,
    tmp_path: Path,
    unused_tcp_port: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sending, "LAST_TRY", 0.2)
    gone = f"http://127.0.0.1:{unused_tcp_port}/v1/traces"
    loop = asyncio.get_running_loop()
    async with stage() as on, Observing(telemetry(gone), tmp_path).following(on.gateway):
        await on.says("hi")
        assert await on.hears() == ["echo: hi"]
        ending = loop.time()
    assert loop.time() - ending < 3.0


async def test_a_missing_extra_is_named_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "gateway.tracing.sending", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    async with stage() as on:
        observing = Observing(telemetry("http://127.0.0.1:4318/v1/traces"), tmp_path)
        with pytest.raises(TracingNotInstalled, match=r"pip install 'argent-gateway\[otel\]'"):
            async with observing.following(on.gateway):
                raise AssertionError


async def test_nothing_is_imported_that_nobody_asked_for(tmp_path: Path) -> None:
    imported = (
        "import sys; from pathlib import Path; from gateway.config import Settings;"
        "from gateway.observing import Observing; Observing(Settings(), Path('/'));"
        "import gateway.daemon;"
        "print([n for n in sys.modules if n.split('.')[0] in ('prometheus_client', "
        "'opentelemetry', 'requests')])"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", imported, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await process.communicate()
    assert told.decode().strip() == "[]"
