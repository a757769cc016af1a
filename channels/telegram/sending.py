"""What is owed, as messages of a Telegram chat."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace

import structlog
from telegram import InputFile

from channels.errors import ChannelError, Rejected
from channels.rendering import NOTHING_TO_SEE
from channels.telegram import ids
from channels.telegram.client import BotClient
from channels.telegram.files import AS_DOCUMENT, Way, safe_name, way
from channels.telegram.format import utf16_units
from channels.telegram.refusals import (
    BadMarkup,
    MessageGone,
    MessageSettled,
    NothingNew,
    QuestionGone,
    TopicGone,
)
from state.messages import OwedPart, Receipt

_CAPTION_LIMIT = 1024
"""UTF-16 units of the words that go with a file: api#senddocument."""

_log = structlog.get_logger("channels.telegram")


@dataclass(frozen=True, slots=True)
class Form:
    """How a part is sent."""

    thread: int | None = None
    reply_to: int | None = None
    html: bool = True

    def without(self, refused: ChannelError) -> "Form":
        """The form without what was refused, so that each refusal is met once."""
        match refused:
            case BadMarkup():
                return replace(self, html=False)
            case TopicGone():
                # The question was in the topic.
                return replace(self, thread=None, reply_to=None)
            case _:
                return replace(self, reply_to=None)


class Outgoing:
    """Posts, changes and removes the messages of one bot.

    What Telegram cannot parse is sent as plain words; what has lost its topic or its question is
    sent to the chat as it is, where at least it is seen.
    """

    def __init__(self, account: str, client: BotClient) -> None:
        self._account = account
        self._client = client

    async def send(self, part: OwedPart) -> Receipt:
        """See `channels.channel.Channel`."""
        if part.part.edits is None:
            return await self._post(part)
        live = ids.message_id(part.part.edits)
        if part.part.removes:
            return await self._remove(part, live)
        try:
            return await self._edit(part, live)
        except (MessageGone, TopicGone) as error:
            _log.warning(
                "sent_anew", channel=self._account, part=part.id, error=type(error).__name__
            )
            return await self._post(part)

    async def upload(self, part: OwedPart, content: bytes) -> Receipt:
        """See `channels.channel.Channel`.

        A file that Telegram does not take as what it says to be (a picture that is none, a voice
        where those are forbidden) is sent as a document. Words that are too many for a caption
        go before it.
        """
        file = part.part.file
        if file is None:
            raise Rejected("there is no file in this part")
        if part.part.text and utf16_units(part.part.plain) > _CAPTION_LIMIT:
            await self._post(part)
            part = replace(part, part=replace(part.part, text="", plain="", reply_to=None))
        upload, chosen = InputFile(content, safe_name(file.title)), way(file)
        try:
            return await self._upload(part, upload, chosen)
        except Rejected as error:
            if chosen == AS_DOCUMENT:
                raise
            _log.warning("sent_as_document", channel=self._account, part=part.id, error=str(error))
            return await self._upload(part, upload, AS_DOCUMENT)

    async def _upload(self, part: OwedPart, file: InputFile, way: Way) -> Receipt:
        async def attempt(form: Form) -> int:
            said = part.part
            return await self._client.upload(
                ids.chat_id(part.address),
                (way.method, way.parameter),
                file,
                said.text if form.html or not said.text else said.plain,
                html=form.html,
                thread=form.thread,
                reply_to=form.reply_to,
                buttons=said.buttons,
            )

        return await self._in_some_form(part, _form(part), attempt)

    async def _post(self, part: OwedPart) -> Receipt:
        async def attempt(form: Form) -> int:
            return await self._client.send(
                ids.chat_id(part.address),
                part.part.text if form.html else part.part.plain,
                html=form.html,
                thread=form.thread,
                reply_to=form.reply_to,
                buttons=part.part.buttons,
            )

        return await self._in_some_form(part, _form(part), attempt)

    async def _edit(self, part: OwedPart, live: int) -> Receipt:
        async def attempt(form: Form) -> int:
            # It may have become that before, and Telegram's answer was lost on its way.
            with suppress(NothingNew):
                await self._client.edit(
                    ids.chat_id(part.address),
                    live,
                    part.part.text if form.html else part.part.plain,
                    html=form.html,
                    buttons=part.part.buttons,
                )
            return live

        return await self._in_some_form(part, Form(), attempt)

    async def _remove(self, part: OwedPart, live: int) -> Receipt:
        chat = ids.chat_id(part.address)
        try:
            await self._client.delete(chat, live)
        except MessageGone:
            pass
        except MessageSettled:
            # Older than two days: it stays for ever, so at least it shall not say half an answer.
            await self._blank(chat, live)
        return Receipt(str(live))

    async def _blank(self, chat: int, message: int) -> None:
        with suppress(NothingNew, MessageGone):
            await self._client.edit(chat, message, NOTHING_TO_SEE, html=False)

    async def _in_some_form(
        self, part: OwedPart, form: Form, attempt: Callable[[Form], Awaitable[int]]
    ) -> Receipt:
        while True:
            try:
                return Receipt(str(await attempt(form)))
            except (BadMarkup, TopicGone, QuestionGone) as error:
                simpler = form.without(error)
                if simpler == form:
                    raise
                form = simpler
                kind = type(error).__name__
                _log.error("sent_simpler", channel=self._account, part=part.id, error=kind)


def _form(part: OwedPart) -> Form:
    reply_to = part.part.reply_to
    return Form(
        thread=ids.thread_id(part.address),
        reply_to=None if reply_to is None else ids.message_id(reply_to),
    )
