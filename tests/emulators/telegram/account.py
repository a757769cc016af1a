"""What concerns the bot itself: who it is, its updates, its webhook, its menu."""

import re
from typing import Any

import orjson

from tests.emulators.telegram.calls import ApiError, Params, bad_request
from tests.emulators.telegram.places import Places
from tests.emulators.telegram.updates import PollEnded
from tests.emulators.telegram.webhook import Webhooks
from tests.emulators.telegram.world import Bot

Json = dict[str, Any]


class Account:
    """https://core.telegram.org/bots/api#getting-updates, #getme and #setmycommands."""

    def __init__(self, places: Places, webhooks: Webhooks) -> None:
        self._places = places
        self._webhooks = webhooks

    async def _do_get_me(self, bot: Bot, _params: Params) -> Json:
        return bot.as_me()

    async def _do_get_updates(self, bot: Bot, params: Params) -> list[Json]:
        if self._webhooks.url(bot):
            raise ApiError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        self._allow(bot, params)
        limit = params.integer("limit", 100)
        limit = limit if 1 <= limit <= 100 else 100
        timeout = min(max(params.integer("timeout"), 0), 50)
        try:
            return await bot.updates.get(params.integer("offset"), limit, timeout)
        except PollEnded:
            raise ApiError(
                409,
                "Conflict: terminated by other getUpdates request; "
                "make sure that only one bot instance is running",
            ) from None

    async def _do_set_webhook(self, bot: Bot, params: Params) -> bool:
        url, secret = params.text("url"), params.text("secret_token")
        if secret and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
            raise bad_request("secret token contains unallowed characters")
        loopback = url.startswith(("http://127.0.0.1:", "http://localhost:", "http://[::1]:"))
        if url and not url.startswith("https://") and not loopback:
            raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
        self._allow(bot, params)
        if params.flag("drop_pending_updates"):
            bot.updates.clear()
        self._webhooks.set(bot, url, secret, params.integer("max_connections", 40))
        if url:
            bot.updates.interrupt()
        return True

    async def _do_delete_webhook(self, bot: Bot, params: Params) -> bool:
        if params.flag("drop_pending_updates"):
            bot.updates.clear()
        self._webhooks.set(bot, "", "", 40)
        return True

    async def _do_get_webhook_info(self, bot: Bot, _params: Params) -> Json:
        return self._webhooks.info(bot)

    def _allow(self, bot: Bot, params: Params) -> None:
        allowed = params.json("allowed_updates")
        if isinstance(allowed, list):
            bot.updates.allowed = frozenset(allowed) or None

    async def _do_get_chat(self, bot: Bot, params: Params) -> Json:
        chat = self._places.chat(bot, params)
        return {
            **chat.as_json(),
            "accent_color_id": 0,
            "max_reaction_count": 11,
            "accepted_gift_types": {
                "unlimited_gifts": False, "limited_gifts": False, "unique_gifts": False,
                "premium_subscription": False, "gifts_from_channels": False,
            },
        }  # fmt: skip

    async def _do_get_my_commands(self, bot: Bot, params: Params) -> list[Json]:
        return bot.commands.get(self._menu(params), [])

    async def _do_set_my_commands(self, bot: Bot, params: Params) -> bool:
        commands = params.json("commands")
        for command in commands or ():
            if not re.fullmatch(r"[a-z0-9_]{1,32}", command.get("command", "").lstrip("/")):
                raise bad_request("BOT_COMMAND_INVALID")
            if not 1 <= len(command.get("description", "")) <= 256:
                raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
        bot.commands[self._menu(params)] = commands or []
        return True

    async def _do_delete_my_commands(self, bot: Bot, params: Params) -> bool:
        bot.commands.pop(self._menu(params), None)
        return True

    def _menu(self, params: Params) -> tuple[str, str]:
        scope = params.json("scope") or {"type": "default"}
        return orjson.dumps(scope).decode(), params.text("language_code")
