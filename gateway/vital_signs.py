"""What a running gateway measures of itself, and what follows from it."""

from collections.abc import Collection

from gateway.clock import Clock
from gateway.health import Stage, Verdict, Vitals, judge
from gateway.heartbeat import Heartbeat
from gateway.loop_watch import LoopWatch
from gateway.supervisor import Supervisor
from gateway.trouble import Trouble
from state.store import Ledger


class VitalSigns:
    """Measured from `start` until `stop`. `supervisors` are those of the configured accounts."""

    def __init__(
        self,
        ledger: Ledger,
        trouble: Trouble,
        clock: Clock,
        supervisors: Collection[Supervisor],
        stall_seconds: float,
    ) -> None:
        self.loop = LoopWatch(stall_seconds=stall_seconds)
        self._heartbeat = Heartbeat(ledger, trouble, clock)
        self._trouble = trouble
        self._supervisors = supervisors
        self._stage = Stage.STARTING

    def start(self) -> None:
        """Begin to measure."""
        self.loop.start()
        self._heartbeat.start()

    def reached(self, stage: Stage) -> None:
        """The gateway is at another stage."""
        self._stage = stage

    async def stop(self) -> None:
        """Measure no longer."""
        await self._heartbeat.stop()
        self.loop.stop()

    def vitals(self) -> Vitals:
        """What is measured now."""
        return Vitals(
            self._stage,
            loop_lag=self.loop.lag,
            ledger_silence=self._heartbeat.silence,
            storage_problem=self._trouble.problem,
            channels=tuple(each.vitals() for each in self._supervisors),
        )

    def verdict(self) -> Verdict:
        """Whether the gateway lives, and is ready."""
        return judge(self.vitals())
