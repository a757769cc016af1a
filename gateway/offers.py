"""What there is to choose from: models, skills, tools, asked of whoever has them."""

import asyncio
from collections.abc import Callable, Collection, Sequence

from agents.errors import NotConfigured
from agents.models.names import AUTO, ModelName
from agents.models.registry import Listing
from agents.skill_folders import Found, SkillFolders
from agents.tools.mcp.naming import SEPARATOR
from agents.tools.tool import is_allowed
from gateway.agent_pool import AgentPool
from gateway.not_offered import NotOffered, check_skill, no_such
from gateway.notices import notice
from gateway.profiles import Profiles
from gateway.settable import Change, applied
from state.session import Session

FRESH_SECONDS = 60.0
"""How long a provider's list of its models is taken for what there is."""


class Offers:
    """Knows the models, skills and tools, and whether a session can have what was chosen."""

    def __init__(
        self,
        profiles: Profiles,
        pool: AgentPool,
        skills: SkillFolders | None,
        servers: Callable[[], Collection[str]],
    ) -> None:
        self._profiles = profiles
        self._pool = pool
        self._skills = skills
        self._servers = servers
        self._listings: tuple[Listing, ...] = ()
        self._until, self._listed_by = 0.0, pool.models
        self._asking = asyncio.Lock()

    async def models(self, *, anew: bool = False) -> tuple[Listing, ...]:
        """Every provider's models; asked `anew`, or when what is known is too old."""
        async with self._asking:
            now, models = asyncio.get_running_loop().time(), self._pool.models
            old = now > self._until or models is not self._listed_by
            if anew or old or not self._listings:
                self._listings, self._listed_by = tuple(await models.listed()), models
                self._until = asyncio.get_running_loop().time() + FRESH_SECONDS
            return self._listings

    async def full_name(self, given: str) -> str:
        """The one listed model that is called so behind its provider's name; else as given."""
        every = [model for listing in await self.models() for model in listing.models]
        found = [model for model in every if model.partition(":")[2] == given]
        return found[0] if len(found) == 1 and given not in every else given

    async def knows(self, model: str) -> bool | None:
        """Whether a model is there; None where its provider cannot be asked."""
        if model == AUTO:
            return True
        for anew in (False, True):
            listing = _listing_of(model, await self.models(anew=anew))
            if listing is None or listing.problem is not None:
                return None
            if _lists(listing, model):
                return True
        return False

    async def skills(self, session: Session) -> tuple[Found, ...]:
        """The skills that the session's agent can be given, also those that do not read."""
        if self._skills is None:
            return ()
        return await asyncio.to_thread(self._skills.listed, self._profiles.of(session).agent)

    async def changed(
        self, session: Session, changes: Sequence[Change], tools: Collection[str]
    ) -> Session:
        """The session with these changes, if it can have them all; `tools` are those there are.

        Raises `NotOffered`, or `settable.InvalidChoice`.
        """
        asked = {change.name.partition(".")[0]: change.value for change in changes}
        after = applied(session, changes)
        if "title" in asked and after.title is None:
            title = self._profiles.of(after).title
            after = applied(after, [Change("title", title)])
        if asked.get("skill"):
            check_skill(asked["skill"], await self.skills(after))
        if asked.get("tools"):
            self._check_tools(asked["tools"], tools)
        if asked.get("mcp"):
            self._check_servers(asked["mcp"])
        if "model" in asked or "options" in asked:
            await self._check_model(after, asked.get("model"))
        return after

    async def _check_model(self, session: Session, chosen: str | None) -> None:
        settings = self._profiles.of(session).settings
        try:
            await self._pool.of(settings)
        except NotConfigured as error:
            raise NotOffered(notice("model_unusable", model=settings.model, why=error)) from error
        if chosen is not None and await self.knows(chosen) is False:
            listing = _listing_of(chosen, await self.models())
            raise no_such("model", chosen, () if listing is None else listing.models)

    def _check_tools(self, patterns: Collection[str], tools: Collection[str]) -> None:
        for pattern in patterns:
            server, separator, _ = pattern.partition(SEPARATOR)
            # A server that is away for a moment has its tools when it is back.
            if separator and server in self._servers():
                continue
            if not any(is_allowed(tool, (pattern,)) for tool in tools):
                raise no_such("tool", pattern, tools)

    def _check_servers(self, names: Collection[str]) -> None:
        for name in names:
            if not any(is_allowed(server, (name,)) for server in self._servers()):
                raise no_such("MCP server", name, self._servers())


def _listing_of(model: str, listings: Sequence[Listing]) -> Listing | None:
    provider = ModelName.parse(model).provider
    return next((listing for listing in listings if listing.provider == provider), None)


def _lists(listing: Listing, model: str) -> bool:
    """Whether a provider lists a model, also by the whole name that a short one stands for."""
    return any(
        listed in (model, f"{model}:latest") or listed.startswith(f"{model}-2")
        for listed in listing.models
    )
