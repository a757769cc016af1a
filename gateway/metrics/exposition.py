"""The metrics of a running gateway, as text, whenever somebody asks."""

import asyncio
import platform
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

import prometheus_client
import structlog
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
)
from prometheus_client.core import (
    Metric as Family,
)
from prometheus_client.registry import Collector

from channels.channel import Health
from gateway import __version__
from gateway.clock import Clock
from gateway.feed import Feed
from gateway.health import Verdict
from gateway.metrics import catalogue as of
from gateway.metrics.catalogue import Kind
from gateway.metrics.counting import Counting
from gateway.metrics.readings import READ, Readable, Reading, readings
from gateway.thinking import Thinking
from gateway.vital_signs import VitalSigns
from state.lately import Backlog
from state.store import Ledger, StoreError

CONTENT_TYPE = prometheus_client.CONTENT_TYPE_LATEST
"""The text format: https://prometheus.io/docs/instrumenting/exposition_formats/."""

FRESH = 1.0
"""Seconds for which what was read is told again: whoever asks more often costs nothing."""

PATIENCE = 1.0
"""Seconds that the ledger has for its figures. What there is to say is said without them when its
disk is stuck, which is when somebody wants to know."""

_log = structlog.get_logger("metrics")


class Measured(Protocol):
    """A gateway, as far as it is measured."""

    feed: Feed
    ledger: Ledger
    clock: Clock
    vital_signs: VitalSigns

    @property
    def thinking(self) -> Thinking:
        """Runs turns."""

    def runtime(self) -> dict[str, Any]:
        """Facts about the process."""

    def channel_health(self) -> Sequence[tuple[str, str, Health]]:
        """Each account's name, kind and health."""

    def verdict(self) -> Verdict:
        """Whether it lives, and is ready."""


class Exposition:
    """Counts from the beginning on, and reads when asked. `follow` the gateway that it is about."""

    def __init__(self) -> None:
        # What prometheus-client adds by itself doubles the series, and nobody asks for it.
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self.counting = Counting(self._registry)
        self._table = _Table()
        self._registry.register(self._table)
        ProcessCollector(registry=self._registry)
        self._gateway: Measured | None = None
        self._made: asyncio.Task[bytes] | None = None
        self._made_at = 0.0

    def follow(self, gateway: Measured) -> None:
        """Count what this gateway does from now on."""
        self._gateway = gateway
        gateway.feed.watch(self.counting.see)
        gateway.vital_signs.loop.on_lag = self.counting.lag

    async def text(self) -> bytes:
        """All metrics, at most `FRESH` seconds old. However many ask, they are made once."""
        now = asyncio.get_running_loop().time()
        if self._made is None or now - self._made_at >= FRESH:
            self._made_at = now
            self._made = asyncio.create_task(self._make(), name="metrics")
        # Whoever leaves does not take it away from the others.
        return await asyncio.shield(self._made)

    async def _make(self) -> bytes:
        if self._gateway is not None:
            self._table.readings = tuple(readings(await _read(self._gateway)))
        # Beside the loop: some hundred lines of text, and files in /proc.
        return await asyncio.to_thread(generate_latest, self._registry)


async def _read(gateway: Measured) -> Readable:
    runtime, loop = gateway.runtime(), gateway.vital_signs.loop
    return Readable(
        at=gateway.clock.now(),
        version=__version__,
        python=platform.python_version(),
        verdict=gateway.verdict(),
        channels=gateway.channel_health(),
        backlog=await _backlog(gateway.ledger),
        gauges={
            of.TURNS_RUNNING: gateway.thinking.running,
            of.TURNS_WAITING: gateway.thinking.waiting,
            of.WORKING: runtime["sessions_working"],
            of.QUEUED: runtime["parts_queued"],
            of.LOOP_WORST: loop.worst,
            of.STALLS: loop.stalls,
            of.STORAGE_PROBLEM: runtime["storage_problem"] is not None,
            of.SEARCH_PROBLEM: runtime["search_problem"] is not None,
            of.SANDBOX_PROBLEM: runtime["sandbox_problem"] is not None,
        },
    )


async def _backlog(ledger: Ledger) -> Backlog | None:
    try:
        async with asyncio.timeout(PATIENCE):
            return await ledger.backlog()
    except (TimeoutError, StoreError) as error:
        _log.warning("backlog_not_read", error=type(error).__name__)
        return None


class _Table(Collector):
    """What was read, in the library's form."""

    def __init__(self) -> None:
        self.readings: Iterable[Reading] = ()

    def collect(self) -> Iterator[Family]:
        families: dict[str, CounterMetricFamily | GaugeMetricFamily] = {}
        for metric in READ:
            make = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
            families[metric.name] = make(metric.name, metric.help, labels=metric.labels)
        for reading in self.readings:
            families[reading.metric.name].add_metric(reading.labels, float(reading.value))
        yield from families.values()
