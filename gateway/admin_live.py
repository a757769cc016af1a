"""A running gateway as its operator reaches it: what `admin` asks of it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeVar

from channels.channel import Health
from gateway.approving import Approving
from gateway.compacting import Compacted
from gateway.health import Verdict
from gateway.reloading import Reloaded
from gateway.routing import Route
from gateway.settable import Change
from gateway.tool_offers import Offer
from state.keys import Address
from state.session import Session

T = TypeVar("T")


class Live(Protocol):
    """A running gateway, as its operator reaches it."""

    async def in_lane(self, session_id: str, action: Callable[[], Awaitable[T]]) -> T:
        """Run an action between two turns of a session, and hand on what it returns or raises."""

    async def compact(self, route: Route, wish: str | None) -> Compacted | None:
        """Summarise a session in its lane; None when there is nothing to summarise."""

    async def choose(self, route: Route, changes: Sequence[Change]) -> Session:
        """Set a session anew in its lane, all of it or nothing.

        Raises `not_offered.NotOffered`, `settable.InvalidChoice`.
        """

    @property
    def approving(self) -> Approving:
        """Asks owners about calls."""

    async def offers(self, route: Route) -> Sequence[Offer]:
        """Which tools a session is offered, and why not the others."""

    def channel_health(self) -> Sequence[tuple[str, str, Health]]:
        """Every account's name, its kind, and how it is."""

    async def admissions_changed(self) -> None:
        """Somebody was let in or out: it counts from the next message on."""

    async def aliases_changed(self) -> None:
        """Other keys than before lead to sessions, from the next message on."""

    async def tell(self, address: Address, text: str) -> None:
        """Owe and send a notice to an address."""

    async def reload(self) -> Reloaded:
        """Take the settings up as they are written now. Raises `ConfigError`."""

    def request_stop(self) -> None:
        """Begin the staged shutdown."""

    def verdict(self) -> Verdict:
        """Whether it lives, and is ready."""

    def figures(self) -> dict[str, Any]:
        """More of what it measured, as JSON values, for whoever looks closely."""

    def runtime(self) -> dict[str, Any]:
        """How the process is: `pid`, `version`, `started_at`, `model`, and what it is doing."""
