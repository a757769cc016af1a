"""What can go wrong between Argent and a platform. Each error says what to do about it."""


class ChannelError(Exception):
    """A call to a platform failed."""


class Unreachable(ChannelError):
    """No answer, or a server error: try again later.

    `uncertain` says that the platform may have carried the call out all the same (the connection
    ended after the request was written), so that a second try can repeat a message.
    """

    def __init__(self, message: str, *, uncertain: bool = False) -> None:
        super().__init__(message)
        self.uncertain = uncertain


class Offline(Unreachable):
    """Nobody is listening at the address now; the channel will say when somebody is."""


class RateLimited(ChannelError):
    """The platform asks to wait `retry_after` seconds.

    `whole_account` says that the limit is the account's, not this chat's.
    """

    def __init__(self, retry_after: float, *, whole_account: bool = False) -> None:
        super().__init__(f"the platform asks to wait {retry_after:g} s")
        self.retry_after = retry_after
        self.whole_account = whole_account


class Rejected(ChannelError):
    """The platform will never take this: the chat is gone, or the bot was thrown out."""


class Moved(ChannelError):
    """The chat goes on under the id `new_chat`; send it there."""

    def __init__(self, new_chat: str) -> None:
        super().__init__(f"the chat moved to {new_chat}")
        self.new_chat = new_chat


class Unauthorized(ChannelError):
    """The platform does not accept the token. Only the owner can mend it; the message says how."""


class Conflict(ChannelError):
    """Somebody else is reading this account's messages with the same token."""
