"""How an answer to a message is rendered for the platform that the message came from."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from channels.channel import Channel
from gateway.calls import shown_title
from gateway.notices import notice
from state.messages import ChatKind, Correction, InboundMessage, Part, Reply, StoredFile

LONG = 2_000
"""Characters of Markdown that are rendered in a few milliseconds."""

_BESIDE = ThreadPoolExecutor(1, thread_name_prefix="rendering")
# One at a time: every thread that computes takes its share of the loop's time.


async def words_in_time(
    channel: Channel, message: InboundMessage | Correction, reply: Reply
) -> tuple[Part, ...]:
    """As `words`; a long reply is rendered in a thread, and holds nobody up."""
    if len(reply.text) < LONG:
        return words(channel, message, reply)
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_BESIDE, words, channel, message, reply)


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
