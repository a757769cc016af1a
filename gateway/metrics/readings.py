"""What is read of a gateway when its metrics are asked for. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from channels.channel import Condition, Health
from gateway.health import Verdict
from gateway.metrics import catalogue as of
from gateway.metrics.catalogue import Metric
from state.lately import Backlog
from state.lifecycle import Phase


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of a metric."""

    metric: Metric
    labels: tuple[str, ...]
    value: float


@dataclass(frozen=True, slots=True)
class Readable:
    """A gateway at a moment. `backlog` is None where the ledger did not answer in time: then
    nothing is said about it, which is not the same as that there is nothing.

    `channels` are each account's name, kind and health.
    """

    at: datetime
    version: str
    python: str
    verdict: Verdict
    channels: Sequence[tuple[str, str, Health]] = ()
    backlog: Backlog | None = None
    gauges: Mapping[Metric, float] = field(default_factory=dict)


READ = (
    *(of.PENDING, of.PENDING_AGE, of.OWED, of.OWED_AGE, of.IN_DOUBT, of.SESSIONS),
    *(of.CONDITION, of.LAG, of.SILENCE, of.CONNECTIONS),
    *(of.TURNS_RUNNING, of.TURNS_WAITING, of.WORKING, of.QUEUED),
    *(of.LOOP_WORST, of.STALLS),
    *(of.STORAGE_PROBLEM, of.SEARCH_PROBLEM, of.SANDBOX_PROBLEM),
    *(of.LIVE, of.READY, of.BUILD),
)
"""The metrics that `readings` tells."""


def readings(gateway: Readable) -> Iterator[Reading]:
    """Everything that is read, in no order."""
    yield Reading(of.BUILD, (gateway.version, gateway.python), 1)
    yield Reading(of.LIVE, (), gateway.verdict.live)
    yield Reading(of.READY, (), gateway.verdict.ready)
    for metric, value in gateway.gauges.items():
        yield Reading(metric, (), value)
    for name, kind, health in gateway.channels:
        yield from _channel(name, kind, health, gateway.at)
    if gateway.backlog is not None:
        names = [name for name, _, _ in gateway.channels]
        yield from _backlog(names, gateway.backlog, gateway.at)


def _channel(name: str, kind: str, health: Health, at: datetime) -> Iterator[Reading]:
    for condition in Condition:
        yield Reading(of.CONDITION, (name, kind, condition), health.condition is condition)
    yield Reading(of.CONNECTIONS, (name,), health.generation)
    if health.lag is not None:
        yield Reading(of.LAG, (name,), health.lag)
    if health.proved_at is not None:
        yield Reading(of.SILENCE, (name,), _age(health.proved_at, at))


def _backlog(names: Sequence[str], backlog: Backlog, at: datetime) -> Iterator[Reading]:
    """An account that has nothing to do stands at zero; one that is gone may still owe."""
    for name in dict.fromkeys((*names, *backlog.pending, *backlog.owed)):
        pending, owed = backlog.pending.get(name), backlog.owed.get(name)
        yield Reading(of.PENDING, (name,), pending.count if pending else 0)
        yield Reading(of.PENDING_AGE, (name,), _age(pending.since, at) if pending else 0)
        yield Reading(of.OWED, (name,), owed.count if owed else 0)
        yield Reading(of.OWED_AGE, (name,), _age(owed.since, at) if owed else 0)
        yield Reading(of.IN_DOUBT, (name,), owed.unknown if owed else 0)
    for phase in Phase:
        yield Reading(of.SESSIONS, (phase,), backlog.phases.get(phase, 0))


def _age(since: datetime, at: datetime) -> float:
    return max(0.0, (at - since).total_seconds())
