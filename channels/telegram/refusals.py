"""What Telegram refuses, in Argent's errors."""

from collections.abc import Iterator
from contextlib import contextmanager

from telegram.error import TelegramError

from channels.errors import (
    ChannelError,
    Conflict,
    Moved,
    RateLimited,
    Rejected,
    Unauthorized,
    Unreachable,
)
from channels.telegram.request import NoAnswer, Refused

_FLOOD_SECONDS = 5.0
"""The wait after a 429 that does not say how long."""


class BadMarkup(Rejected):
    """Telegram cannot read the markup; the words alone can be sent."""


class TopicGone(Rejected):
    """There is no such topic in the chat (any more)."""


class QuestionGone(Rejected):
    """The message to reply to is not there (any more)."""


class MessageGone(Rejected):
    """The message to change or to delete is not there (any more), or cannot be changed."""


class MessageSettled(Rejected):
    """The message is too old to be deleted: https://core.telegram.org/bots/api#deletemessage."""


class NothingNew(Rejected):
    """The message reads already as it shall."""


class WebhookInTheWay(Conflict):
    """Updates go to a webhook, so they cannot be polled."""


_BAD_REQUESTS: dict[str, type[Rejected]] = {
    "can't parse entities": BadMarkup,
    "message thread not found": TopicGone,
    "TOPIC_DELETED": TopicGone,
    "message to be replied not found": QuestionGone,
    "message is not modified": NothingNew,
    "message to edit not found": MessageGone,
    "message can't be edited": MessageGone,
    "there is no text in the message to edit": MessageGone,
    "message to delete not found": MessageGone,
    "message identifier is not specified": MessageGone,
    "MESSAGE_ID_INVALID": MessageGone,
    "message can't be deleted": MessageSettled,
}
"""The refusals that something else can be done about, by the words that Telegram uses."""


class Refusals:
    """Turns what python-telegram-bot raises into `channels.errors.ChannelError`.

    Nothing is chained: what lies beneath may show the URL, and the URL holds the token.
    """

    def __init__(self, account: str, token: str) -> None:
        self._account = account
        self._token = token

    @contextmanager
    def named(self) -> Iterator[None]:
        """Whatever goes wrong in here raises a `ChannelError`."""
        try:
            yield
        except TelegramError as error:
            raise self._meaning(error) from None
        except Exception as error:
            # The library stumbled over an answer of another shape.
            text = f"Telegram's answer could not be read: {type(error).__name__}"
            raise Unreachable(text, uncertain=True) from None

    def _meaning(self, error: TelegramError) -> ChannelError:
        match error:
            case NoAnswer():
                return Unreachable(str(error), uncertain=error.uncertain)
            case Refused():
                return self._refusal(error)
            case _:
                kind = type(error).__name__
                return Unreachable(f"a call to Telegram failed: {kind}", uncertain=True)

    def _refusal(self, error: Refused) -> ChannelError:
        words = error.description.replace(self._token, "[token]")
        migrated = error.parameters.get("migrate_to_chat_id")
        match error.code:
            case _ if migrated:
                return Moved(str(migrated))
            case 429:
                return RateLimited(float(error.parameters.get("retry_after") or _FLOOD_SECONDS))
            case 401 | 404:
                return Unauthorized(
                    f"Telegram does not accept the token of {self._account!r}: get a new one from "
                    f"@BotFather (/mybots, API Token), set it as channels.{self._account}.token "
                    "or TELEGRAM_BOT_TOKEN, and start again"
                )
            case 409 if "webhook" in words:
                return WebhookInTheWay(words)
            case 409:
                return Conflict(words)
            case code if code >= 500:
                return Unreachable(f"Telegram failed: {words} ({code})", uncertain=True)
            case 400:
                kinds = (kind for said, kind in _BAD_REQUESTS.items() if said in words)
                return next(kinds, Rejected)(f"Telegram refused: {words}")
            case _:
                return Rejected(f"Telegram refused: {words}")
