"""The floor on Discord: a bare echo bot on discord.py. Run as a process of its own."""

import sys

import discord
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL


class EchoBot(discord.Client):
    """Says again what others say."""

    async def on_message(self, message: discord.Message) -> None:
        if message.author != self.user:
            await message.channel.send(message.content)


def main(token: str, url: str, gateway_url: str) -> None:
    Route.BASE = f"{url}/api/v10"
    DiscordWebSocket.DEFAULT_GATEWAY = URL(gateway_url)
    intents = discord.Intents(guilds=True, messages=True, message_content=True)
    EchoBot(intents=intents).run(token, log_handler=None)


if __name__ == "__main__":
    main(*sys.argv[1:])
