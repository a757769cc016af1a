"""The composition root: the only place that knows all the parts, and joins them."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any, TypeVar

import structlog

from agents.config import QueueMode
from channels.channel import Channel, Health
from channels.loopback import LoopbackChannel
from gateway import __version__
from gateway.accounts import Accounts, Line, Opens
from gateway.agent_pool import AgentPool
from gateway.approving import Approving
from gateway.between_turns import BetweenTurns
from gateway.clock import Clock
from gateway.compacting import Compacted
from gateway.config import Settings
from gateway.config_source import ConfigSource
from gateway.current import Current
from gateway.delivery import Delivery
from gateway.doors import Doors, policies_of
from gateway.entering import Entering
from gateway.events import ModelAnswersAgain, ModelRests
from gateway.feed import Feed
from gateway.ground import Ground, Minds
from gateway.health import Stage, Verdict, Vitals
from gateway.holding import Holding
from gateway.housekeeping import Housekeeping
from gateway.intake import Intake
from gateway.janitor import Janitor
from gateway.lanes import Lanes
from gateway.life import Life
from gateway.linking import Linking
from gateway.model_record import ModelRecord
from gateway.notices import notice
from gateway.open_sessions import OpenSessions
from gateway.owners import Owners
from gateway.people import People
from gateway.profiles import Profiles
from gateway.purse import Purse
from gateway.reloading import Reloaded, Reloading
from gateway.renewing import Renewing
from gateway.routing import Route
from gateway.settable import Change
from gateway.speaking import Speaking
from gateway.switching import Switching
from gateway.thinking import Thinking
from gateway.tool_offers import Offer
from gateway.trouble import Trouble
from gateway.vital_signs import VitalSigns
from gateway.working import Working
from state.keys import Address, SessionKey
from state.messages import Accepted
from state.session import Session
from state.store import Ledger, SessionRow, Sessions, StoreError

T = TypeVar("T")
_log = structlog.get_logger("gateway")


class Gateway:
    """A running gateway: channels take messages in, lanes work, delivery sends."""

    def __init__(
        self,
        settings: Settings,
        *,
        sessions: Sessions,
        ledger: Ledger,
        minds: Minds,
        lines: Iterable[Line] = (),
        opens: Opens | None = None,
        source: ConfigSource | None = None,
        search_problem: Callable[[], str | None] = lambda: None,
        clock: Clock | None = None,
    ) -> None:
        self.clock = clock = clock or Clock()
        self._current = current = Current(settings)
        self.sessions, self.ledger = sessions, ledger
        self.feed = Feed()
        self.terminal = LoopbackChannel(now=clock.now)
        self._accounts = Accounts(self.terminal, lines, opens)
        self.channels: Mapping[str, Channel] = self._accounts.channels
        self.people = People(ledger, self.channels, clock, current)
        policies = current.derived(policies_of)
        self._owners = Owners(self.channels, policies, self.people)
        self.trouble = Trouble(self._owners.tell_all)
        ground = Ground(current, sessions, ledger, self.channels, self.feed, self.trouble, clock)
        self._mcp, self._sandboxing = minds.mcp, minds.sandboxing
        self._speaking = Speaking(ground)
        self._holding = Holding(ground, minds, self._speaking, self.people)
        doors = Doors(policies, self.people)
        self._working = Working(ground, minds, self._speaking, self._holding, doors, self)
        self.lanes = Lanes(self._working.conversation.handle, mode=self._queued)
        self.intake = Intake(
            ground,
            doors=doors,
            people=self.people,
            routes=self._holding.routes,
            switching=Switching(sessions, ledger, self.profiles, clock),
            entering=Entering(
                ground, self._holding.linking, self.people, self._holding.routes, self.delivery
            ),
            lanes=self.lanes,
            delivery=self.delivery,
            hear=self._working.approving.hear,
        )
        self._janitor = Janitor(
            sessions,
            ledger,
            self.lanes,
            self.life,
            clock,
            current.derived(Housekeeping.set_by),
            self._rests,
            watch=self._holding.watch,
        )
        self._accounts.lead_to(self.intake.receive)
        self._between_turns = BetweenTurns(
            self.lanes, self._holding, self._working, ledger, clock, minds.sandboxing
        )
        renewing = Renewing(
            current,
            accounts=self._accounts,
            holding=self._holding,
            intake=self.intake,
            delivery=self.delivery,
            minds=minds,
            on_agents=self._watch_models,
            on_terms=self._janitor.wake,
        )
        self.reloading = Reloading(
            current, renewing, source=source, announce=self.announce, begin=self.begin
        )
        self._breakers = self.pool.models.breakers
        self._breakers.on_change = self._model_changed
        self._models = ModelRecord(clock.now)
        self.feed.watch(self._models.note)
        self.vital_signs = VitalSigns(
            ledger,
            self.trouble,
            clock,
            self._accounts.supervisors,
            settings.gateway.loop_stall_seconds,
        )
        self._started_at = clock.now()
        self._search_problem = search_problem
        self._tasks: set[asyncio.Task[None]] = set()
        self._reports: tuple[str, ...] = ()
        self._stop_asked = asyncio.Event()
        self.terminal.on_online(self.delivery.wake)

    # What its parts are asked for from outside --------------------------------------------------

    @property
    def settings(self) -> Settings:
        """The settings in effect."""
        return self._current.now

    @property
    def delivery(self) -> Delivery:
        """Sends what is owed."""
        return self._speaking.delivery

    @property
    def opened(self) -> OpenSessions:
        """The sessions that were lately used."""
        return self._holding.opened

    @property
    def linking(self) -> Linking:
        """Plans who is linked with whom."""
        return self._holding.linking

    @property
    def life(self) -> Life:
        """Moves sessions through their lifecycle."""
        return self._holding.life

    @property
    def profiles(self) -> Profiles:
        """How each session is set."""
        return self._holding.profiles

    @property
    def pool(self) -> AgentPool:
        """The agents that think."""
        return self._holding.pool

    @property
    def purse(self) -> Purse:
        """What was spent."""
        return self._working.purse

    @property
    def approving(self) -> Approving:
        """Asks owners about calls."""
        return self._working.approving

    @property
    def thinking(self) -> Thinking:
        """Runs turns."""
        return self._working.thinking

    async def start(self, reports: Sequence[str] = ()) -> None:
        """Take up what was left, then let messages in.

        `reports` are what opening the state had to set aside: the owner is told that it was.
        """
        self._reports = tuple(reports)
        self.vital_signs.start()
        for report in reports:
            _log.error("state_repaired", report=report)
        await self.purse.open()
        with suppress(StoreError):
            await self._holding.watch.look()
        await self.intake.recover()
        if self._mcp is not None:
            self._mcp.start()
        if self._sandboxing is not None:
            self._sandboxing.start()
        self._accounts.start()
        self.begin(self._janitor.run(), name="janitor")
        if self.settings.gateway.watch_config:
            self.begin(self.reloading.watch(), name="watch over the settings")
        self.vital_signs.reached(Stage.RUNNING)
        if reports:
            self.announce(notice("state_repaired"))

    async def stop(self, seconds: float) -> None:
        """Stop in stages: no more intake, turns finish or are parked, owed parts go out.

        All stages together take about `seconds` at most. What is not finished is on disk and is
        taken up at the next start.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        self.vital_signs.reached(Stage.STOPPING)
        self.reloading.end()
        await self._accounts.stop()
        await self._end_tasks()
        self._working.approving.close()
        await self.intake.settled(max(0.0, deadline - loop.time()))
        await self.lanes.drain(max(0.0, deadline - loop.time()))
        await self._speaking.drain(max(0.0, deadline - loop.time()))
        # The last turns may have begun some more, as for a title.
        await self._end_tasks()
        await self._accounts.close()
        await self._breakers.close()
        if self._mcp is not None:
            await self._mcp.stop()
        if self._sandboxing is not None:
            await self._sandboxing.stop()
        await self.vital_signs.stop()

    async def _end_tasks(self) -> None:
        ending = tuple(self._tasks)
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    # For the operator (`admin.Live`) -----------------------------------------------------------

    async def in_lane(self, session_id: str, action: Callable[[], Awaitable[T]]) -> T:
        """Run an action between two messages of a session; the session is read anew after it."""
        return await self._between_turns.run(session_id, action)

    async def compact(self, route: Route, wish: str | None) -> Compacted | None:
        """Summarise a session in its lane; None when there is nothing to summarise."""
        return await self._between_turns.compact(route, wish)

    async def choose(self, route: Route, changes: Sequence[Change]) -> Session:
        """Set a session anew in its lane, all of it or nothing."""
        return await self._between_turns.choose(route, changes)

    async def offers(self, route: Route) -> Sequence[Offer]:
        """Which tools a session is offered, and why not the others."""
        return await self._between_turns.offers(route)

    async def reload(self) -> Reloaded:
        """Take the settings up as they are written now. Raises `ConfigError`."""
        return await self.reloading.reload()

    def channel_health(self) -> Sequence[tuple[str, str, Health]]:
        """Each account's name, kind and health."""
        return self._accounts.health()

    def vitals(self) -> Vitals:
        """What the gateway measures of itself."""
        return self.vital_signs.vitals()

    def verdict(self) -> Verdict:
        """Whether the gateway lives, and is ready."""
        return self.vital_signs.verdict()

    async def admissions_changed(self) -> None:
        """Somebody was let in or out."""
        await self.people.refresh()

    async def aliases_changed(self) -> None:
        """Other keys lead to sessions."""
        await self._holding.routes.refresh()

    async def tell(self, address: Address, text: str) -> None:
        """Say something of Argent's own at an address, as far as the platform takes it now."""
        await self._owners.tell(address, text)

    def request_stop(self) -> None:
        """Ask whoever runs the gateway to stop it."""
        self._stop_asked.set()

    async def stop_requested(self) -> None:
        """Wait until somebody asks to stop."""
        await self._stop_asked.wait()

    def figures(self) -> dict[str, Any]:
        """What was measured, for ``argent status --deep``. Times are seconds."""
        loop = self.vital_signs.loop
        return {
            "loop": {"lag": loop.lag, "worst": loop.worst, "stalls": loop.stalls},
            "floods": {
                name: {"chats": chats, "seconds": seconds}
                for name, (chats, seconds) in self.delivery.floods().items()
            },
            "models": self._models.told(),
        }

    def runtime(self) -> dict[str, Any]:
        """Facts about the process, for ``argent status``."""
        return {
            "version": __version__,
            "pid": os.getpid(),
            "started_at": self._started_at,
            "uptime": (self.clock.now() - self._started_at).total_seconds(),
            "model": self.pool.main.model,
            "turns_running": self.thinking.running,
            "sessions_working": len(self.lanes),
            "parts_queued": len(self.delivery),
            "storage_problem": self.trouble.problem,
            "search_problem": self._search_problem(),
            "sandbox": None if self._sandboxing is None else self._sandboxing.told,
            "sandbox_problem": None if self._sandboxing is None else self._sandboxing.problem,
            "models_resting": self._breakers.resting,
            "mcp": [] if self._mcp is None else [asdict(each) for each in self._mcp.health()],
            "settings_problem": self.reloading.problem,
            "restart_needed": [each.name for each in self.reloading.restart],
            "repaired": list(self._reports),
        }

    def _watch_models(self) -> None:
        """Other agents think: the models of those before are not probed any more."""
        before, self._breakers = self._breakers, self.pool.models.breakers
        self._breakers.on_change = self._model_changed
        if before is not self._breakers:
            self.begin(before.close(), name="end of probes")

    def _model_changed(self, model: str, why: str | None) -> None:
        self.feed.publish(ModelAnswersAgain(model) if why is None else ModelRests(model, why))

    def _queued(self, key: SessionKey) -> QueueMode:
        return self.settings.agents.of(self.profiles.agent(key)).session.queue

    def _rests(self, row: SessionRow) -> None:
        """A session went to rest: summarise it where it is large. The janitor does not wait."""
        if self.settings.agents.of(row.agent).session.idle_compaction and row.context_tokens:
            self.begin(self._between_turns.rested(row), name=f"summary of {row.id}")

    def submit(self, accepted: Accepted) -> None:
        self.lanes.submit(accepted)

    async def between(self, session_id: str, act: Callable[[], Awaitable[None]]) -> None:
        await self.lanes.run_between(session_id, act)

    def begin(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Do something beside everything else; it ends with the gateway at the latest."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def announce(self, text: str) -> None:
        self.begin(self._owners.tell_all(text), name="news for the owners")
