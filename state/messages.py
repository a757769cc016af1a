"""What arrives from a platform and what goes back to it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from state.keys import Address, SessionId, SessionKey


class ChatKind(StrEnum):
    """What the platform says a chat is."""

    DIRECT = "direct"
    GROUP = "group"
    THREAD = "thread"


class AttachmentKind(StrEnum):
    """What kind of thing came with a message."""

    IMAGE = "image"
    AUDIO = "audio"
    VOICE = "voice"
    VIDEO = "video"
    DOCUMENT = "document"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACT = "contact"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Sender:
    """Who said something. Only `id` is identity; the names are for display and may change.

    `as_chat` says that a chat speaks (an anonymous admin, a channel), whose id it is then: who is
    behind it, nobody knows.
    """

    id: str
    name: str
    username: str | None = None
    is_bot: bool = False
    as_chat: bool = False


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file or other object that came with a message; `reference` is the platform's handle.

    `name` and `mime` are what the sender says, and are only shown. `file` is the name, made by
    the gateway, under which the content is kept with the session; None where it is not kept, and
    then `problem` may say why (``too_large``, ``gone``, ``unreachable``, ``disk``). A file with the
    problem ``unreadable`` is kept, but a model that was shown it refused it.
    """

    kind: AttachmentKind
    name: str | None = None
    mime: str | None = None
    size: int | None = None
    reference: str | None = None
    file: str | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """What a message refers to: the text it replies to, quotes or forwards, and whose it is."""

    text: str
    author: str
    from_bot: bool = False
    forwarded: bool = False


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """Something a person said, as the platform delivered it.

    `source` identifies the delivery inside the account for ever and is the same on every
    redelivery: it is what makes a message run once. `id` is the platform's own message id, to
    reply to. `container` is the guild, workspace or supergroup that the chat is part of, and is
    what a collapsed scope shares. `addressed` says that the bot was mentioned, replied to or
    spoken to in private. `unfinished` says that more of the same message may follow at once: an
    album's next picture, or the rest of a text that the sender's client cut. `passed_on` names the
    session whose agent sent this here; no platform delivers such a message, and it is not answered.
    """

    source: str
    id: str
    address: Address
    kind: ChatKind
    sender: Sender
    text: str
    at: datetime
    addressed: bool = True
    container: str | None = None
    quotes: tuple[Quote, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    title: str | None = None
    unfinished: bool = False
    passed_on: SessionId | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """An earlier message reads differently now.

    `id` is the platform's id of that message, and `of` the `source` that it came under. What is
    not answered yet is answered as it reads now; what is answered is not run again.
    """

    source: str
    id: str
    address: Address
    kind: ChatKind
    sender: Sender
    text: str
    at: datetime
    container: str | None = None
    of: str = ""


@dataclass(frozen=True, slots=True)
class Deletion:
    """An earlier message was deleted by whoever may; platforms do not say by whom.

    `id` and `of` are those of the message, as in `Correction`. It needs no admission of its own:
    it concerns a message that was taken over, or nothing.
    """

    source: str
    id: str
    address: Address
    at: datetime
    of: str


@dataclass(frozen=True, slots=True)
class Migration:
    """A chat goes on under another id (a Telegram group became a supergroup)."""

    source: str
    channel: str
    old_chat: str
    new_chat: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Malformed:
    """An update that could not be understood: set aside as it came, with the reason."""

    source: str
    channel: str
    raw: bytes
    reason: str
    at: datetime


Inbound = InboundMessage | Correction | Deletion | Migration | Malformed


class ReplyKind(StrEnum):
    """Whether the agent speaks, or Argent itself."""

    ANSWER = "answer"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that is kept with a session, under a name that the gateway made.

    `title` is the name people see, `size` is in bytes.
    """

    session: SessionId
    name: str
    title: str
    mime: str
    size: int


@dataclass(frozen=True, slots=True)
class Reply:
    """What shall be said, in Markdown, before a channel has rendered it into parts.

    `files` go out after the words, each as a part of its own. `buttons` are shown below the words
    where the platform has them, so the words must say the same.
    """

    text: str
    kind: ReplyKind = ReplyKind.ANSWER
    reply_to: str | None = None
    files: tuple[StoredFile, ...] = ()
    buttons: tuple["Button", ...] = ()


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a message. Pressing it is as if whoever presses it wrote `says`."""

    label: str
    says: str


@dataclass(frozen=True, slots=True)
class Part:
    """One message as the platform will get it: rendered, and short enough.

    `plain` is the same words without markup, for a platform that refuses the markup. With
    `edits`, the part is not a new message but what that message of ours becomes; without any
    words, it takes that message away. With `file`, the file is uploaded, and the words, if any,
    go with it. `buttons` are shown where the platform has them.
    """

    text: str
    plain: str
    reply_to: str | None = None
    edits: str | None = None
    file: StoredFile | None = None
    buttons: tuple[Button, ...] = ()

    @property
    def removes(self) -> bool:
        """Whether the part takes a message of ours away."""
        return self.edits is not None and not self.text


@dataclass(frozen=True, slots=True)
class Receipt:
    """The platform's word that a part was taken: its id for the new message."""

    message: str


class PartState(StrEnum):
    """How far a part is. `unknown` may have been sent: it is sent again, and says so."""

    OWED = "owed"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    FAILED = "failed"


class Outcome(StrEnum):
    """How an accepted message ended. Every one of them ends in exactly one of these."""

    REPLIED = "replied"
    DECLINED = "declined"
    FAILED = "failed"
    RECORDED = "recorded"


@dataclass(frozen=True, slots=True)
class Begun:
    """A tool's call that was begun for a message; `arguments` is JSON, as it is remembered.

    `foreign` says that the model saw material from outside when it asked for it, which they may
    repeat.
    """

    id: str
    name: str
    arguments: str
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message that is ours now: durable, in order (`seq`), and answered under `entry`.

    `key` is the key it was routed by, and `session` the session that the key leads to. `shown`
    are the platform's ids of the live messages in which an unfinished answer was shown before a
    crash, in order: the answer goes there. `begun` are the calls that were begun before it, and
    what became of them nobody knows.
    """

    seq: int
    entry: str
    key: SessionKey
    session: SessionId
    at: datetime
    message: InboundMessage | Correction | Deletion
    recovered: bool = False
    shown: tuple[str, ...] = ()
    begun: tuple[Begun, ...] = ()


@dataclass(frozen=True, slots=True)
class OwedPart:
    """One row of the outbox. `attempts` counts sends that were started.

    `uncertain` says that an earlier attempt may have reached the platform, so that the next one
    may repeat it.
    """

    id: int
    seq: int
    index: int
    address: Address
    part: Part
    state: PartState = PartState.OWED
    attempts: int = 0
    key: str = field(default="")
    """An idempotency key, the same for every attempt at this part."""
    uncertain: bool = False
    session: SessionId | None = None
    """The session of the message that it answers; None where it answers none that was accepted."""
