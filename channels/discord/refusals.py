"""What Discord's refusals mean, and what to do about them.

https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
"""

from collections.abc import Mapping
from typing import Any

from channels.errors import ChannelError, RateLimited, Rejected, Unauthorized, Unreachable

Json = dict[str, Any]
FLOOD_SECONDS = 5.0
"""The wait after a 429 that does not say how long."""

_REMEDIES = {
    10003: "the channel is gone",
    50001: "the bot cannot see the channel: give its role the permission View Channels there",
    50007: "this person takes no messages from the bot",
    50013: "the bot may not write there: give its role Send Messages (in threads: Send Messages "
    "in Threads)",
    160005: "the thread is locked",
}


class Expired(Rejected):
    """The time in which a command can be answered is over."""


class Gone(Rejected):
    """The message is not there any more, or cannot be changed any more."""


class EditedTooOften(Gone):
    """The message is there, and stays as it is."""


class NotPermitted(Rejected):
    """The bot lacks a permission in this channel."""


_EXPIRED = frozenset({10008, 10015, 10062, 50027})
"""Unknown message, webhook and interaction, and an invalid webhook token."""

_GONE = frozenset({10008, 50005, 50021, 50083})
"""Unknown message, one of somebody else, one of Discord's own, one in an archived thread."""

_TOO_MANY_LATE_EDITS = 30046
"""Of messages that are older than an hour. It comes as a flood answer, and no wait is named."""

_NOT_PERMITTED = frozenset({50001, 50013})
_TOO_LARGE = 40005


def refusal(
    account: str, status: int, body: object, headers: Mapping[str, str], *, own_token: bool
) -> ChannelError:
    """The error for an answer that is none. `own_token`: the call was made with the bot's."""
    said = body if isinstance(body, dict) else {}
    code, words = said.get("code"), str(said.get("message") or "")
    if code == _TOO_MANY_LATE_EDITS:
        return EditedTooOften(f"Discord refused: {words} ({code})")
    if status == 429:
        return _flood(said, headers)
    if status == 413 or code == _TOO_LARGE:
        # What stands before Discord may say so, too, and in its own words.
        return Rejected("Discord takes no file of that size")
    if status >= 500:
        return Unreachable(
            f"Discord failed: {words or 'a server error'} ({status})", uncertain=True
        )
    if code is None:
        # Not Discord speaks, but a proxy, a firewall or a wrong address.
        return Unreachable(f"the server answered {status} and not as Discord does")
    if code in _EXPIRED and not own_token:
        return Expired(f"Discord refused: {words} ({code})")
    if status == 401:
        return wrong_token(account)
    return _kind(code)(f"Discord refused: {words} ({code}); {_REMEDIES.get(code, _errors(said))}")


def _kind(code: object) -> type[Rejected]:
    if code in _GONE:
        return Gone
    return NotPermitted if code in _NOT_PERMITTED else Rejected


def wrong_token(account: str) -> Unauthorized:
    """401, and 4004 from the gateway."""
    return Unauthorized(
        f"Discord does not accept the token of {account!r}: reset it in the developer portal "
        "(https://discord.com/developers/applications, Bot, Reset Token), set it as "
        f"channels.{account}.token or DISCORD_BOT_TOKEN, and start again"
    )


def missing_intent(account: str) -> Unauthorized:
    """4014 from the gateway."""
    return Unauthorized(
        f"the bot of {account!r} may not read messages: switch on Message Content Intent in the "
        "developer portal (https://discord.com/developers/applications, Bot, Privileged Gateway "
        "Intents), and start again"
    )


def _flood(said: Json, headers: Mapping[str, str]) -> RateLimited:
    seconds = said.get("retry_after", headers.get("Retry-After"))
    try:
        wait = float(seconds) if seconds is not None else FLOOD_SECONDS
    except (TypeError, ValueError):
        wait = FLOOD_SECONDS
    # Without Discord's own words it is what stands before it, and that bans whole addresses.
    return RateLimited(max(wait, 0.0), whole_account=bool(said.get("global")) or not said)


def _errors(said: Json) -> str:
    return str(said.get("errors") or "it will not be tried again")[:200]
