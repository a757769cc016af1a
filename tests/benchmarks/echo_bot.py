"""The floor: a bare echo bot on python-telegram-bot. Run as a process of its own."""

import sys

from telegram import Update
from telegram.ext import Application, ContextTypes, MessageHandler, filters

_AT_ONCE = 16
"""Updates handled at a time; with more, its HTTP client only gets slower."""
_PATIENCE = 60.0
"""Seconds a call waits for a connection; the default of one second loses answers in a burst."""


async def _echo(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    message = update.effective_message
    if message is not None and message.text:
        await message.reply_text(message.text)


def main(url: str, token: str) -> None:
    bot = (
        Application.builder()
        .token(token)
        .base_url(f"{url}/bot")
        .concurrent_updates(_AT_ONCE)
        .pool_timeout(_PATIENCE)
        .build()
    )
    bot.add_handler(MessageHandler(filters.TEXT, _echo))
    bot.run_polling()


if __name__ == "__main__":
    main(*sys.argv[1:])
