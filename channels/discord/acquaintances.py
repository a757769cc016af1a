"""The private chats of people who are named in the settings.

Discord lists no private chats and tells nothing of one that began while the bot was away, so what a
person wrote there first would not be found. Whose id is known can be asked for beforehand.
https://docs.discord.com/developers/resources/user#create-dm
"""

from collections.abc import Sequence

import structlog

from channels.discord.client import BotClient
from channels.discord.marks import ReadMarks
from channels.errors import ChannelError, Rejected

_MOST = 10
"""Discord stops bots that open many chats at once."""

_log = structlog.get_logger("channels.discord")


async def know_chats(
    account: str, client: BotClient, marks: ReadMarks, people: Sequence[str]
) -> None:
    """Learn the private chats of people, once for each; what fails is tried at the next start.

    The people see nothing of it.
    """
    strangers = [int(person) for person in people if not marks.has_met(int(person))]
    for person in strangers[:_MOST]:
        try:
            chat = await client.open_chat(person)
        except Rejected as error:
            _log.info("chat_not_known", channel=account, person=person, error=str(error))
        except ChannelError as error:
            _log.info("chats_not_known", channel=account, error=str(error))
            return
        else:
            await marks.meet(person, chat)
