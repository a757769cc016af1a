"""Which tools a conversation is offered, and why not the others."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from agents.tools.tool import is_allowed
from gateway.occasion import Occasion
from gateway.powers import EXTERNAL, TABLE, Power, power

WhyMissing = Callable[[str, Occasion], str | None]
"""Why there is no tool of a name on an occasion, where that is known."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A tool; `why_not` says why it is not offered, and None that it is.

    `approval` says that a call needs an owner once the model has seen material from outside.
    """

    tool: str
    why_not: str | None = None
    approval: bool = False


def offers(
    occasion: Occasion, known: Callable[[Occasion], dict[str, bool]], missing: WhyMissing
) -> Iterator[Offer]:
    """Every tool that there is anywhere, by name; `known` are those of the occasion, and whether
    they are guarded."""
    here = known(occasion)
    for name in sorted(here.keys() | (TABLE.keys() - {EXTERNAL})):
        may = power(name, occasion.trust)
        if why := _why_not(name, occasion, may, here, missing):
            yield Offer(name, why)
        else:
            yield Offer(name, approval=here[name] or may is Power.APPROVAL)


def _why_not(
    name: str, occasion: Occasion, may: Power, here: dict[str, bool], missing: WhyMissing
) -> str | None:
    if may is Power.NEVER:
        return f"the trust is {occasion.trust}"
    if not is_allowed(name, occasion.opened.setup.profile.settings.tools):
        return "the session's `tools` setting leaves it out"
    if name not in here:
        return missing(name, occasion) or "there is none in this conversation"
    return None
