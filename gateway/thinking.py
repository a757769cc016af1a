"""One turn of the agent inside the gateway: bounded, watched, and stoppable."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, aclosing
from dataclasses import dataclass, replace
from itertools import islice

from agents.agent import Restarted, ToolStarted, TurnFinished
from agents.models.model import TextDelta, ToolSpec
from agents.prompt import system_prompt
from agents.tokens import of_text
from agents.tools.send_file import SEND_FILE
from agents.tools.tool import Toolbox
from agents.transcript import Said, ToolsSay
from gateway.approving import Approving
from gateway.attachments import Attachments
from gateway.batch import Batch
from gateway.begun_calls import BegunCalls
from gateway.citing import is_cited
from gateway.events import TurnEnd
from gateway.feed import Feed
from gateway.occasion import Occasion
from gateway.open_sessions import OpenSession, is_shared
from gateway.place import Place
from gateway.signs import Signs
from gateway.stop import Stop
from gateway.streaming import Stream, Streaming
from gateway.telling import Telling
from gateway.tool_offers import Offer, WhyMissing, offers
from gateway.toolboxes import Toolboxes
from state.history import ToolCall
from state.keys import SessionType
from state.messages import Accepted


@dataclass(frozen=True, slots=True)
class Stopped:
    """A turn that was stopped; `words` are those of its answer that people have seen.

    `foreign` says that its model saw material from outside.
    """

    words: str = ""
    foreign: bool = False


class Thinking:
    """Runs turns, so many at a time, first come, first served."""

    def __init__(
        self,
        streaming: Streaming,
        signs: Signs,
        attachments: Attachments,
        feed: Feed,
        toolboxes: Toolboxes,
        approving: Approving,
        begun: BegunCalls,
        *,
        is_owner: Callable[[Accepted], bool],
        at_once: int,
    ) -> None:
        self._streaming = streaming
        self._signs = signs
        self._attachments = attachments
        self._feed = feed
        self._toolboxes = toolboxes
        self._approving = approving
        self._begun = begun
        self._is_owner = is_owner
        self._slots = asyncio.Semaphore(at_once)
        self._turns = 0
        self._running = 0

    @property
    def running(self) -> int:
        """How many turns run now."""
        return self._running

    @property
    def waiting(self) -> int:
        """How many turns wait for others to end."""
        return self._turns - self._running

    async def turn(
        self, batch: Batch, opened: OpenSession, question: Sequence[Said], stop: Stop
    ) -> TurnFinished | Stopped:
        """The agent's turn on a question, shown while it grows.

        It stays shown until `Closing.close` or `Closing.withdraw`. Raises an
        `agents.errors.ModelError` when there is no answer to be had.
        """
        finished: list[TurnFinished] = []
        stream = self._streaming.open(batch)
        telling = Telling(self._feed, batch, opened.setup.agent.model)
        place = Place(self._slots)
        occasion = Occasion(opened, batch, self._is_owner(batch.last))
        sender = self._attachments.sender(batch.session, batch.address.channel)
        tools = self._toolboxes.packed(
            occasion,
            (sender.tool,) if sender else (),
            approve=lambda calls: self._approved(occasion, calls, place),
            seen=lambda text, results: is_cited(
                text, (*_as_said(opened), *question, ToolsSay(tuple(results)))
            ),
            through=lambda tool: self._begun.noted(tool, batch),
        )
        earlier = self._begun.interrupted(batch)
        if earlier and any(result.foreign for result in earlier[1].results):
            tools.foreign = True

        async def think() -> None:
            async with place:
                self._running += 1
                telling.begins()
                try:
                    done = await self._run(opened, (*question, *earlier), tools, stream, telling)
                    done = replace(done, said=(*earlier, *done.said))
                    finished.append(replace(done, files=sender.files) if sender else done)
                finally:
                    self._running -= 1

        self._turns += 1
        try:
            with self.working(batch):
                done = await stop.guard(think())
        except Exception:
            telling.ended(TurnEnd.FAILED)
            raise
        finally:
            self._turns -= 1
            stream.pause()
        if done:
            telling.ended(TurnEnd.FINISHED, finished[0])
        else:
            telling.ended(TurnEnd.STOPPED)
        if not stop.again:
            self._begun.over(batch)
        return finished[0] if done else Stopped(stream.words, tools.foreign)

    async def _approved(
        self, occasion: Occasion, calls: Sequence[ToolCall], place: Place
    ) -> Mapping[str, str]:
        """Why an owner did not approve calls; others may run while one thinks about them."""
        async with place.lent():
            return await self._approving.ask(occasion, calls)

    def working(self, batch: Batch) -> AbstractContextManager[None]:
        """Shows people that their messages are worked on; a turn does so by itself."""
        return self._signs.working(batch)

    def beside(self, opened: OpenSession) -> int:
        """About how many tokens a model is shown beside the conversation."""
        return of_text(_system(opened)) + self._toolboxes.told(_anybodys(opened))

    async def _run(
        self,
        opened: OpenSession,
        question: Sequence[Said],
        tools: Toolbox,
        stream: Stream,
        telling: Telling,
    ) -> TurnFinished:
        turn = opened.setup.agent.run(
            system=_system(opened),
            transcript=opened.transcript,
            question=tuple(question),
            tools=tools,
        )
        async with aclosing(turn) as events:
            async for event in events:
                match event:
                    case TextDelta(text):
                        stream.grew(text)
                    case Restarted() | ToolStarted():
                        stream.voided()
                    case TurnFinished():
                        return event
                telling.heard(event)
        raise RuntimeError("the agent ended a turn without finishing it")

    def offers(self, opened: OpenSession, missing: WhyMissing) -> Sequence[Offer]:
        """Which tools a session is offered when whoever is usually there speaks."""

        def known(occasion: Occasion) -> dict[str, bool]:
            guarded = {each.spec.name: each.guarded for each in self._toolboxes.known(occasion)}
            return {**guarded, SEND_FILE.name: False}

        return tuple(offers(_anybodys(opened), known, missing))

    def known(self, opened: OpenSession) -> tuple[ToolSpec, ...]:
        """Every tool that there is for a session, whether or not it may be used there."""
        return (*(tool.spec for tool in self._toolboxes.known(_anybodys(opened))), SEND_FILE)


def _anybodys(opened: OpenSession) -> Occasion:
    """Any turn of a session: in an owner's private chat, an owner's."""
    return Occasion(opened, None, owner=opened.session.key.type is SessionType.MAIN)


def _as_said(opened: OpenSession) -> Iterable[Said]:
    """What was said, without the summary that stands before it: a model put that together."""
    return islice(opened.transcript, opened.summary is not None, None)


def _system(opened: OpenSession) -> str:
    session = opened.session
    # What the model calls a conversation is no name that people gave it.
    title = None if session.titled else session.title
    return system_prompt(opened.setup.prompt, shared=is_shared(session.key), title=title)
