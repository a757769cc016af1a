"""The Bot API's methods, as published at https://core.telegram.org/bots/api."""

from collections.abc import Callable
from typing import Any

from tests.emulators.telegram.account import Account
from tests.emulators.telegram.calls import ApiError, Call, Params, calls
from tests.emulators.telegram.media import Media
from tests.emulators.telegram.messages import Messages
from tests.emulators.telegram.places import Places
from tests.emulators.telegram.posting import Posting
from tests.emulators.telegram.presses import Presses
from tests.emulators.telegram.webhook import Webhooks
from tests.emulators.telegram.world import Bot, Chat, Sent, World


class Methods:
    """Carries out calls for one bot or another."""

    def __init__(
        self, world: World, webhooks: Webhooks, *, on_sent: Callable[[Chat, Sent], None]
    ) -> None:
        places = Places(world)
        posting = Posting(places, on_sent)
        self.messages = Messages(places, posting)
        self.presses = Presses()
        parts = (
            Account(places, webhooks), self.messages, Media(world, places, posting), self.presses
        )  # fmt: skip
        self._table: dict[str, Call] = {k: v for part in parts for k, v in calls(part).items()}

    async def call(self, bot: Bot, method: str, params: Params) -> Any:
        """The result. Raises `ApiError`."""
        do = self._table.get(method)
        if do is None:
            raise ApiError(404, "Not Found")
        return await do(bot, params)
