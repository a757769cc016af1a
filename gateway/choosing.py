"""The commands that set a conversation: its model, skill, tools, prompt and title.

A choice is kept with the session's facts, and holds from its next message on: what runs ends with
what it began with, because commands wait in the session's lane like everything else.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from gateway import choosing_text, commands
from gateway.basics import said
from gateway.choosing_text import MOST_BUTTONS
from gateway.commands import CommandName
from gateway.keeping import Keeping
from gateway.not_offered import NotOffered
from gateway.notices import notice
from gateway.obeying import Asked, Obey
from gateway.offers import Offers
from gateway.open_sessions import OpenSession
from gateway.profiles import Profiles
from gateway.settable import Change, InvalidChoice, change
from gateway.thinking import Thinking
from state.messages import Button, Reply, ReplyKind
from state.session import Session

Show = Callable[[Asked], Awaitable[Reply]]


class Choosing:
    """Carries them out, each in its session's lane."""

    def __init__(
        self, keeping: Keeping, thinking: Thinking, offers: Offers, profiles: Profiles
    ) -> None:
        self._keeping = keeping
        self._thinking = thinking
        self._offers = offers
        self._profiles = profiles

    @property
    def book(self) -> Mapping[CommandName, Obey]:
        """What carries out which command."""
        return dict.fromkeys(_SETS, self._obey)

    async def choose(self, opened: OpenSession, changes: Sequence[Change]) -> Session:
        """Keep other choices of a session, all of them or none.

        Raises `NotOffered`, `settable.InvalidChoice`.
        """
        tools = [spec.name for spec in self._thinking.known(opened)]
        after = await self._offers.changed(opened.session, changes, tools)
        await self._keeping.change(opened, after)
        return after

    async def _obey(self, asked: Asked) -> Reply:
        if not asked.argument:
            return await self._show(asked)
        return said(await self._set(asked))

    async def _set(self, asked: Asked) -> str:
        name, written = _SETS[asked.command], asked.argument
        if asked.command is CommandName.MODEL:
            written = await self._offers.full_name(written)
        try:
            wanted = change(name, written)
            after = await self.choose(asked.opened, [wanted])
        except InvalidChoice as error:
            return notice("not_like_that", why=error)
        except NotOffered as error:
            return f"{error} `/{asked.command}` shows what there is."
        if asked.command is CommandName.TITLE:
            return _titled(after)
        return await self._told(asked.command, wanted, after)

    async def _told(self, command: CommandName, wanted: Change, after: Session) -> str:
        value = self._value(command, after)
        if wanted.value is None:
            return notice("taken_back", what=_WORDS[command], value=value)
        kind = "chosen"
        if command is CommandName.MODEL and await self._offers.knows(wanted.value) is None:
            kind = "chosen_unchecked"
        return notice(kind, what=_WORDS[command], value=value, command=f"/{command}")

    def _value(self, command: CommandName, session: Session) -> str:
        settings = self._profiles.of(session).settings
        match command:
            case CommandName.MODEL:
                return f"`{settings.model}`"
            case CommandName.SKILL:
                return f"`{settings.skill}`" if settings.skill else "none"
            case CommandName.TOOLS:
                return choosing_text.patterns(settings.tools)
        return f"{len(settings.system_prompt)} characters"

    async def _show(self, asked: Asked) -> Reply:
        opened = asked.opened
        session, profile = opened.session, opened.setup.profile
        match asked.command:
            case CommandName.MODEL:
                current = opened.setup.agent.model
                models = await self._offers.models()
                shown, more = choosing_text.some_models(models, current)
                text = choosing_text.models_text(profile, current, shown, more)
                return _with_buttons(text, asked, shown)
            case CommandName.SKILL:
                found = await self._offers.skills(session)
                text = choosing_text.skills_text(profile, found, problems=asked.owner)
                usable = [each.name for each in found if each.skill is not None]
                return _with_buttons(text, asked, usable)
            case CommandName.TOOLS:
                return said(choosing_text.tools_text(profile, self._thinking.known(opened)))
            case CommandName.PROMPT:
                return said(choosing_text.prompt_text(profile))
        named = session.title is not None
        return said(notice("title_is", title=session.title) if named else notice("no_title"))


_SETS = {
    CommandName.MODEL: "model",
    CommandName.SKILL: "skill",
    CommandName.TOOLS: "tools",
    CommandName.PROMPT: "system_prompt",
    CommandName.TITLE: "title",
}

_WORDS = {
    CommandName.MODEL: "Model",
    CommandName.SKILL: "Skill",
    CommandName.TOOLS: "Tools",
    CommandName.PROMPT: "Prompt",
}


def _titled(session: Session) -> str:
    if session.title is None:
        return notice("title_taken_back")
    return notice("title_set", title=session.title)


def _with_buttons(text: str, asked: Asked, names: Sequence[str]) -> Reply:
    """The first few names to be pressed, for whoever may choose them."""
    if not asked.owner and commands.reach(asked.command, "a name") is commands.Reach.OWNERS:
        return said(text)
    buttons = tuple(Button(name, f"/{asked.command} {name}") for name in names[:MOST_BUTTONS])
    return Reply(text, ReplyKind.NOTICE, buttons=buttons)
