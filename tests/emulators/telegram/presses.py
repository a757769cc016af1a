"""Buttons that are pressed: https://core.telegram.org/bots/api#callbackquery."""

import itertools
from typing import Any

from tests.emulators.telegram.calls import Params, bad_request
from tests.emulators.telegram.world import Bot

Json = dict[str, Any]


class Presses:
    """The presses that wait for their bot's answer, and those that had it."""

    def __init__(self) -> None:
        self._numbers = itertools.count(4_000_000_000_000_001)
        self._waiting: set[tuple[int, str]] = set()
        self.answered: list[tuple[str, str]] = []
        """The presses whose button stopped to spin, and what the bot let be shown."""

    def press(self, bot: Bot, person: Json, message: Json, data: str) -> Json:
        """Somebody presses a button of this message; returns the update's content."""
        number = str(next(self._numbers))
        self._waiting.add((bot.id, number))
        return {
            "id": number, "from": person, "message": message, "data": data,
            "chat_instance": str(message["chat"]["id"]),
        }  # fmt: skip

    async def _do_answer_callback_query(self, bot: Bot, params: Params) -> bool:
        number = params.text("callback_query_id")
        if (bot.id, number) not in self._waiting:
            raise bad_request(
                "query is too old and response timeout expired or query ID is invalid"
            )
        self._waiting.remove((bot.id, number))
        self.answered.append((number, params.text("text")))
        return True
