"""Whether a gateway lives, and whether it is ready: judged from what was measured. Pure.

A gateway that is not live cannot mend itself and wants to be started again; one that is not ready
may, and wants to be waited for. What only the outside can mend (a platform that is down, a full
disk) is therefore never a reason against living: a restart would cost the turns under way, and
would mend nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from channels.channel import Condition

MOST_LAG = 5.0
"""Seconds that the event loop may be late."""

LONGEST_SILENCE = 25.0
"""Seconds that the ledger may go without having taken a write."""

GONE_AFTER = 900.0
"""Seconds without a sign of life after which a channel counts as gone. Its supervisor, which gives
up on it sooner (`supervisor.DEAF_AFTER`), has started it again by then, to no effect."""


class Stage(StrEnum):
    """How far a gateway is: `running` has taken up what was left, and lets messages in."""

    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"


@dataclass(frozen=True, slots=True)
class ChannelVitals:
    """How an account is.

    `proved` is how many seconds ago its platform last answered, None when it never did. `tried` is
    how long ago it last gave any sign: an answer, or an attempt that was seen to fail. `resumes` is
    in how many seconds it is tried again, where it waits for that on purpose.
    """

    name: str
    condition: Condition
    proved: float | None
    tried: float
    resumes: float | None = None

    @property
    def alive(self) -> bool:
        """Whether it works, is seen to try, or waits for something whose time is known."""
        return self.tried <= GONE_AFTER or (self.resumes is not None and self.resumes > 0)


@dataclass(frozen=True, slots=True)
class Vitals:
    """What was measured of a gateway. Times are seconds.

    `ledger_silence` is since the ledger last took a write, or said that the disk is full, which is
    an answer. `channels` are those that are configured.
    """

    stage: Stage
    loop_lag: float
    ledger_silence: float
    storage_problem: str | None = None
    channels: tuple[ChannelVitals, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reasons` say why it is not live or not ready, in the owner's words; none when it is both."""

    live: bool
    ready: bool
    reasons: tuple[str, ...]


def judge(vitals: Vitals) -> Verdict:
    """How the gateway is."""
    deadly = tuple(_deadly(vitals))
    hindering = tuple(_hindering(vitals))
    return Verdict(not deadly, not (deadly or hindering), deadly + hindering)


def told(vitals: Vitals, verdict: Verdict) -> str:
    """How the gateway is, in one line, for ``systemctl status`` and the like."""
    if verdict.reasons:
        return f"{'Not ready' if verdict.live else 'Failing'}: {'; '.join(verdict.reasons)}"
    if not vitals.channels:
        return "Ready, without channels"
    well = sum(each.condition is Condition.HEALTHY for each in vitals.channels)
    return f"Ready: {well} of {len(vitals.channels)} channels healthy"


def _deadly(vitals: Vitals) -> Iterator[str]:
    if vitals.loop_lag >= MOST_LAG:
        yield f"the event loop is {vitals.loop_lag:.1f} s late"
    if vitals.ledger_silence > LONGEST_SILENCE:
        yield f"the ledger has taken no write for {vitals.ledger_silence:.0f} s"
    # Before and after a gateway runs, its channels are silent by right.
    intake = vitals.stage is Stage.RUNNING and vitals.channels
    if intake and not any(channel.alive for channel in vitals.channels):
        names = ", ".join(channel.name for channel in vitals.channels)
        yield f"no channel gives a sign of life: {names}"


def _hindering(vitals: Vitals) -> Iterator[str]:
    if vitals.stage is not Stage.RUNNING:
        yield f"it is {vitals.stage}"
    if vitals.storage_problem is not None:
        yield vitals.storage_problem
    healthy = [each for each in vitals.channels if each.condition is Condition.HEALTHY]
    if vitals.channels and not healthy:
        told = ", ".join(f"{each.name} is {each.condition}" for each in vitals.channels)
        yield f"no channel is healthy: {told}"
