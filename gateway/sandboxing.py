"""Which sandbox commands run in, looked for while the gateway runs, and why where there is none."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

from agents.sandbox import groups as control_groups
from agents.sandbox.choosing import Found, find, mark_of, sweep
from agents.sandbox.config import Backend, Policy, SandboxSettings
from agents.sandbox.sandbox import Sandbox
from state.keys import SessionType
from state.trust import Trust

AGAIN = 3600.0
"""Seconds after which a machine is tried again: what holds can change beneath a gateway."""

Finds = Callable[[SandboxSettings], Awaitable[Found]]
"""Looks for a sandbox on this machine."""

_log = structlog.get_logger("sandbox")


class Sandboxing:
    """The sandbox of a gateway. Until `look` or `start` has found one, there are no commands."""

    def __init__(self, settings: SandboxSettings, state_dir: Path, *, finds: Finds | None = None):
        self._settings = settings
        self._mark = mark_of(state_dir)
        self._finds = finds or (lambda wanted: find(wanted, mark=self._mark))
        self._found: Found | None = None
        self._broke = False
        self._watching: asyncio.Task[None] | None = None

    def keep_to(self, settings: SandboxSettings) -> None:
        """Let these hold from the next turn on. A sandbox of another kind is looked for by `look`
        and from time to time, as ever."""
        self._settings = settings

    async def look(self) -> None:
        """Sweep what an earlier run left, and look for a sandbox now.

        Raises `agents.sandbox.errors.SandboxUnavailable` where one is required and there is none.
        """
        await self._sweep()
        self._found = await self._finds(self._settings)
        if self._settings.required:
            self._found.required()

    def start(self) -> None:
        """Look for a sandbox beside everything else, and again from time to time."""
        self._watching = asyncio.create_task(self._watch(), name="sandbox")

    async def stop(self) -> None:
        """Look no more. What runs ends with its turn."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)

    def of(self, kind: SessionType, trust: Trust) -> tuple[Sandbox, Policy] | None:
        """Where the commands of a session run, and within what; None: nowhere.

        Somebody who is trusted less than an owner is sandboxed as a guest, also in an owner's chat.
        """
        if self._found is None:
            return None
        guest = kind is SessionType.MAIN and trust is not Trust.FULL
        policy = self._settings.of(SessionType.DM if guest else kind)
        sandbox = self._found.sandbox if policy.sandboxed else self._found.bare
        return None if sandbox is None else (sandbox, policy)

    def why_none(self, kind: SessionType, trust: Trust) -> str | None:
        """Why the commands of a session run nowhere; None where they run."""
        if self.of(kind, trust) is not None:
            return None
        return "the sandboxes are still being tried" if self._found is None else self._found.told

    @property
    def told(self) -> str | None:
        """Which sandbox is used, for the operator; None while none was found."""
        found = self._found
        return None if found is None or found.sandbox is None else found.told

    @property
    def problem(self) -> str | None:
        """Why sandboxed sessions have no commands, and what mends it; None where that is wanted."""
        found = self._found
        if found is None and self._broke:
            return "no sandbox could be tried: the log says why; it is tried again within the hour"
        if found is None or found.sandbox is not None or self._settings.backend is Backend.OFF:
            return None
        return found.told

    async def _watch(self) -> None:
        if self._found is None:
            await self._sweep()
            await self._try()
        while True:
            await asyncio.sleep(AGAIN)
            await self._try()

    async def _try(self) -> None:
        before = self._found
        try:
            self._found = found = await self._finds(self._settings)
        except Exception:
            # What was found before may hold no more: nothing is used that was not tried.
            self._found, self._broke = None, True
            _log.exception("sandbox_not_tried")
            return
        self._broke = False
        if before is None or before.told != found.told:
            say = _log.info if self.problem is None else _log.warning
            say("sandbox", found=found.told)

    async def _sweep(self) -> None:
        groups = await asyncio.to_thread(control_groups.find)
        if left := await asyncio.to_thread(sweep, self._mark, groups):
            _log.warning("sandbox_leftovers_ended", count=left)
