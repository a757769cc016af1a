"""How an answer to a message is rendered for the platform that the message came from."""

from dataclasses import replace

from channels.channel import Channel
from gateway.calls import shown_title
from gateway.notices import notice
from state.messages import ChatKind, Correction, InboundMessage, Part, Reply, StoredFile


def words(channel: Channel, message: InboundMessage | Correction, reply: Reply) -> tuple[Part, ...]:
    """The reply's words as parts; none where its files are all there is.

    Among several people an answer points at its question, if that is in the chat; between two it
    need not. A file that the platform does not take is named instead.
    """
    left_out = [file for file in reply.files if not takes(channel, file)]
    lines = [notice("file_not_sent", title=shown_title(file.title)) for file in left_out]
    text = "\n\n".join(text for text in (reply.text, *lines) if text.strip())
    if not text and reply.files:
        return ()
    spoken = replace(reply, text=text, files=())
    there = isinstance(message, Correction) or message.passed_on is None
    if there and (message.kind is not ChatKind.DIRECT or channel.capabilities.points_in_private):
        spoken = replace(spoken, reply_to=message.id)
    return rendered(channel, spoken)


def rendered(channel: Channel, reply: Reply) -> tuple[Part, ...]:
    """The reply's words as parts; its buttons are below the last."""
    *parts, last = channel.render(replace(reply, buttons=()))
    return (*parts, replace(last, buttons=reply.buttons))


def files(channel: Channel, reply: Reply) -> tuple[Part, ...]:
    """The reply's files as parts, those that the platform takes."""
    return tuple(Part("", file.title, file=file) for file in reply.files if takes(channel, file))


def takes(channel: Channel, file: StoredFile) -> bool:
    """Whether the platform takes a file of this size."""
    return file.size <= channel.capabilities.upload_limit
