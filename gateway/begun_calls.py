"""Calls that were begun and whose outcome may never be known: they are not made a second time.

Before a tool that can do something is run, the ledger has its call. A turn that is taken up again,
after a crash or because somebody said more, shows its model those calls as interrupted, and leaves
to it and to whoever asked what follows from that. The arguments of a call may repeat what its model
saw: where that was from outside, so are they.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from agents.tools.foreign import in_sight
from agents.tools.tool import A, Tool
from agents.transcript import AssistantSays, ToolResult, ToolsSay
from gateway.batch import Batch
from gateway.clock import Clock
from gateway.trouble import Trouble
from state.history import ToolCall
from state.messages import Begun
from state.store import Ledger

INTERRUPTED = (
    "Interrupted; the outcome is unknown: it may have happened, wholly, in part, or not at all. It "
    "was not run again. Look what there is before you do it again, or ask."
)


class BegunCalls:
    """Notes the calls of tools for open messages, and knows them again."""

    def __init__(self, ledger: Ledger, trouble: Trouble, clock: Clock) -> None:
        self._ledger = ledger
        self._trouble = trouble
        self._clock = clock
        self._begun: dict[int, tuple[Begun, ...]] = {}

    def noted(self, tool: Tool[A], batch: Batch) -> Tool[A]:
        """The tool, each call of which is noted before it is run, if it can do something."""
        if not (tool.guarded or tool.foreign):
            return tool
        run: Callable[[A], Awaitable[str]] = tool.run

        async def noted(given: A) -> str:
            arguments = tool.remembered(given) or given.model_dump_json()
            name = f"begun-{self._clock.id()}"
            call = Begun(name, tool.spec.name, arguments, foreign=in_sight())
            seq = batch.last.seq
            await self._trouble.insist(lambda: self._ledger.begin_call(seq, call))
            self._begun[seq] = (*self._begun.get(seq, ()), call)
            return await run(given)

        return replace(tool, run=noted)

    def interrupted(self, batch: Batch) -> tuple[AssistantSays, ToolsSay] | tuple[()]:
        """What an earlier try at these messages did, as a step of the turn that takes them up."""
        begun = {
            call.id: call
            for each in batch
            for call in (*each.begun, *self._begun.get(each.seq, ()))
        }
        if not begun:
            return ()
        calls = tuple(ToolCall(each.id, each.name, each.arguments) for each in begun.values())
        results = tuple(
            ToolResult(each.id, each.name, INTERRUPTED, failed=True, foreign=each.foreign)
            for each in begun.values()
        )
        return AssistantSays("", calls), ToolsSay(results)

    def over(self, batch: Batch) -> None:
        """The messages have their outcome: nobody takes them up again."""
        for each in batch:
            self._begun.pop(each.seq, None)
