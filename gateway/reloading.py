"""Reads the settings again while the gateway runs, and says what became of them.

A signal, a change of a file and the command line all do the same. Settings that cannot be used
change nothing: those of before stay in effect.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any

import structlog

from agents.errors import NotConfigured
from agents.tools.mcp.errors import McpNotInstalled
from gateway import logs
from gateway.changes import Change, Changes, compare
from gateway.config import Settings
from gateway.config_errors import ConfigError, Problem
from gateway.config_load import Loaded
from gateway.config_schema import secrets
from gateway.config_source import ConfigSource
from gateway.config_watch import changes as file_changes
from gateway.current import Current
from gateway.notices import notice
from gateway.renewing import Renewing

Begin = Callable[[Coroutine[Any, Any, None], str], None]
_log = structlog.get_logger("settings")


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What became of a reload: what is in effect now, and what the gateway must be started for."""

    taken: tuple[Change, ...]
    restart: tuple[Change, ...]
    warnings: tuple[str, ...] = ()


class Reloading:
    """One reload at a time. Whoever asks while one is about to begin is answered by that one.

    `problem` says why the settings as they are written now cannot be used; `restart` is what the
    gateway must be started again for. `on_reload` surrounds each reload.
    """

    def __init__(
        self,
        current: Current,
        renewing: Renewing,
        *,
        source: ConfigSource | None,
        announce: Callable[[str], None],
        begin: Begin,
    ) -> None:
        self._current = current
        self._renewing = renewing
        self._source = source
        self._announce = announce
        self._begin = begin
        self._next: asyncio.Future[Reloaded] | None = None
        self._alone = asyncio.Lock()
        self._ended = False
        self.problem: str | None = None
        self.restart: tuple[Change, ...] = ()
        self.on_reload: Callable[[], AbstractContextManager[object]] = nullcontext

    async def reload(self) -> Reloaded:
        """Take the settings up as they are written now. Raises `ConfigError`.

        Whoever stops waiting for it does not stop it.
        """
        if self._ended:
            raise ConfigError(Problem("the settings", None, "are not read again: Argent stops"))
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
            # Its error is logged and kept, also where nobody waits for it any more.
            self._next.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._begin(self._answer(self._next), "reload")
        return await asyncio.shield(self._next)

    def end(self) -> None:
        """Begin no reload from now on: nothing changes for what is about to end."""
        self._ended = True
        if self._next is not None:
            self._next.cancel()

    async def at_signal(self) -> None:
        """The same for nobody in particular: the log and the owner hear of it."""
        with suppress(ConfigError):
            await self.reload()

    async def watch(self) -> None:
        """Reload whenever the files have changed, for ever."""
        if self._source is not None:
            async for _ in file_changes(self._source):
                await self.at_signal()

    async def _answer(self, answer: asyncio.Future[Reloaded]) -> None:
        try:
            async with self._alone:
                # Who asks from here on may have written since this one read.
                self._next = None
                if self._ended:
                    return
                with self.on_reload():
                    answer.set_result(await self._once())
        except ConfigError as error:
            self._refused(str(error))
            answer.set_exception(error)
        except Exception as error:
            # A defect: the settings are those of before, or all of the new ones.
            _log.exception("reload_broke")
            broken = ConfigError(_problem(error))
            self._refused(str(broken))
            answer.set_exception(broken)
        finally:
            answer.cancel()

    async def _once(self) -> Reloaded:
        loaded = await self._load()
        found = compare(self._current.now, loaded.settings)
        _hide(self._current.now, loaded.settings)
        try:
            await self._take_up(found)
        except (NotConfigured, McpNotInstalled) as error:
            raise ConfigError(_problem(error)) from error
        self._accepted(found)
        return Reloaded(found.taken, found.restart, loaded.warnings)

    async def _load(self) -> Loaded:
        if self._source is None:
            raise ConfigError(Problem("the settings", None, "were given to this gateway alone"))
        return await asyncio.to_thread(self._source.load)

    async def _take_up(self, found: Changes[Settings]) -> None:
        if not found.taken:
            return
        await self._renewing.take_up(found)
        if (logging := logs.configured()) is not None:
            logging.level(found.settings.log.level)

    def _refused(self, problem: str) -> None:
        first, again = self.problem is None, self.problem == problem
        self.problem = problem
        if not again:
            _log.error("settings_refused", problem=problem)
        if first:
            self._announce(notice("settings_refused"))

    def _accepted(self, found: Changes[Settings]) -> None:
        if self.problem is not None:
            self.problem = None
            self._announce(notice("settings_mended"))
        names = [each.name for each in found.restart]
        _log.info("settings_read", changed=[each.name for each in found.taken], restart=names)
        if names and found.restart != self.restart:
            _log.warning("restart_needed", settings=names)
        self.restart = found.restart


def _hide(old: Settings, new: Settings) -> None:
    """Let no log line show a secret: a new one before it is used, an old one while it may be."""
    if (logging := logs.configured()) is not None:
        logging.secrets((*secrets(old), *secrets(new)))


def _problem(error: Exception) -> Problem:
    return Problem("the settings", None, f"cannot be used: {error}")
