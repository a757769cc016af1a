"""Hands traces to OpenTelemetry, whose thread sends them.

A collector that is slow or down costs traces, and nothing else: what waits is bounded, nobody waits
for it, and the log says once that it is down, and once that it is back.
"""

import asyncio
import logging
import threading
from collections.abc import Sequence

import structlog

from gateway import __version__
from gateway.tracing.config import TelemetrySettings
from gateway.tracing.errors import TracingNotInstalled
from gateway.tracing.spans import Span

try:
    import requests
    from opentelemetry.context import Context
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
    from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
    from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
    from opentelemetry.trace import Status, StatusCode, set_span_in_context
except ImportError as error:
    raise TracingNotInstalled from error

MOST_WAITING = 4096
"""Spans that wait to be sent; beyond, the oldest are dropped."""

_BATCH = 512
_DELAY = 2_000
"""Milliseconds until what there is gets sent."""
_TIMEOUT = 5.0
"""Seconds for one batch, with all its tries."""
LAST_TRY = 2.0
"""Seconds that the end of the gateway leaves for the last batch."""
_NANO = 1_000_000_000

_log = structlog.get_logger("tracing")


class TraceSender:
    """Sends traces to `settings.endpoint` until `stop`."""

    def __init__(self, settings: TelemetrySettings) -> None:
        # Its warnings come with every batch, and may quote what a proxy answered.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        headers = {name: each.get_secret_value() for name, each in settings.headers.items()}
        self._exporter = OTLPSpanExporter(
            settings.endpoint, headers=headers, timeout=_TIMEOUT, session=_to_nobody_else()
        )
        self._provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(settings.sample)),
            resource=Resource.create({SERVICE_NAME: "argent", SERVICE_VERSION: __version__}),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(
            BatchSpanProcessor(
                _Noticing(self._exporter),
                max_queue_size=MOST_WAITING,
                schedule_delay_millis=_DELAY,
                max_export_batch_size=_BATCH,
            )
        )
        self._tracer = self._provider.get_tracer("argent", __version__)

    def send(self, span: Span) -> None:
        """Send a trace soon, or drop it. Never waits."""
        self._add(span, None)

    def _add(self, span: Span, parent: Context | None) -> None:
        made = self._tracer.start_span(
            span.name,
            parent,
            attributes=dict(span.attributes),
            start_time=int(span.start * _NANO),
        )
        if made.is_recording():
            within = set_span_in_context(made)
            for child in span.children:
                self._add(child, within)
        if span.failed:
            made.set_status(Status(StatusCode.ERROR))
        made.end(int(span.end * _NANO))

    async def stop(self) -> None:
        """Try to send what there is, for `LAST_TRY` seconds at most."""
        ending = threading.Thread(target=self._provider.shutdown, name="argent-traces", daemon=True)
        ending.start()
        await asyncio.to_thread(ending.join, LAST_TRY)
        if ending.is_alive():
            # Its thread would go on trying; both are daemons, and hold up nobody's end.
            self._exporter.shutdown()  # type: ignore[no-untyped-call]


def _to_nobody_else() -> requests.Session:
    """What is set for the collector goes there alone: to no other by a redirect, through no proxy
    of the environment; and no password of a `.netrc` goes in its place."""
    session = requests.Session()
    session.trust_env = False
    session.max_redirects = 0
    return session


class _Noticing(SpanExporter):
    """Notices whether the collector takes what it is sent."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._down = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        try:
            result = self._exporter.export(spans)
        except Exception as error:
            _log.debug("traces_broke", error=type(error).__name__)
            result = SpanExportResult.FAILURE
        down = result is not SpanExportResult.SUCCESS
        if down and not self._down:
            _log.warning("traces_not_taken", lost=len(spans), remedy="look at telemetry.endpoint")
        elif self._down and not down:
            _log.info("traces_taken_again")
        self._down = down
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)
