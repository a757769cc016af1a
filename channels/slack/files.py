"""Files: what people share, fetched, and what the agent made, uploaded.

https://docs.slack.dev/messaging/working-with-files
"""

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing

import orjson

from channels.errors import Rejected, Unreachable
from channels.fetching import Fetcher
from channels.slack import ids
from channels.slack.attachments import handle
from channels.slack.client import BotClient
from channels.slack.config import SlackSettings
from channels.slack.format import clean, escape
from channels.slack.refusals import BadBlocks
from state.messages import Attachment, OwedPart, Part, Receipt

Json = dict[str, object]

UPLOAD_LIMIT = 100_000_000
"""Bytes. Slack takes a gigabyte; a file that goes out is held in memory."""

HOSTS = ("files.slack.com",)
"""Where Slack keeps what is shared: https://docs.slack.dev/reference/objects/file-object/"""

_LONGEST_NAME = 200
_UNWANTED = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')
_PAGE = re.compile(rb"\s*<(!doctype\s+html|html)\b", re.IGNORECASE)
_MOST = 1000
_SIGN_IN = (
    "Slack sent a page to sign in instead of the file (the app needs files:read; add the scope and "
    "install it again)"
)


class Files:
    """The files of one account."""

    def __init__(self, client: BotClient, settings: SlackSettings) -> None:
        self._client = client
        self._token = settings.token
        self._fetcher = Fetcher(trusted=(settings.api_root,), hosts=HOSTS)
        self._begun: dict[str, str] = {}

    async def download(self, attachment: Attachment) -> AsyncGenerator[bytes, None]:
        """See `channels.channel.Channel`."""
        file, url = handle(attachment.reference)
        # Who may not read files is sent a page, too: with the file's own address this is seen.
        url = await self._url(file) if url is None or _is_page(attachment) else url
        # Only the origin of the file's address is shown the token.
        headers = {"Authorization": f"Bearer {self._token.get_secret_value()}"}
        first = True
        try:
            async with aclosing(self._fetcher.stream(url, headers=headers)) as chunks:
                async for chunk in chunks:
                    if first and _PAGE.match(chunk) and not _is_page(attachment):
                        raise Rejected(_SIGN_IN)
                    first = False
                    yield chunk
        except Rejected:
            # Slack says why, where it is asked: the scope is missing, or the file was deleted.
            await self._url(file)
            raise

    async def upload(self, owed: OwedPart, content: bytes) -> Receipt:
        """See `channels.channel.Channel`. The receipt names the file: its message comes later.

        https://docs.slack.dev/reference/methods/files.completeUploadExternal. Only the last call
        shows anything. A file of which nobody knows whether it was shown is looked up, as long
        as this process knows it; Slack has no place for a mark on it.
        """
        channel, thread = ids.channel_id(owed.address), ids.thread_ts(owed.address)
        begun = self._begun.get(owed.key) if owed.uncertain and owed.key else None
        if begun is not None and await self._is_shared(begun, channel):
            return Receipt(begun)
        if owed.part.file is None or not content:
            raise Rejected("Slack takes no empty file")
        name = file_name(owed.part.file.title)
        try:
            file = await self._put(name, content)
        except Unreachable as error:
            # Nobody can see it so far: to begin again repeats nothing.
            raise Unreachable(str(error)) from None
        self._remember(owed.key, file)
        arguments: Json = {"files": [{"id": file, "title": name}], "channel_id": channel}
        if thread is not None:
            arguments["thread_ts"] = thread
        await self._show(arguments, owed.part)
        return Receipt(file)

    async def close(self) -> None:
        """Close every connection."""
        await self._fetcher.close()

    async def _url(self, file: str) -> str:
        """Where a file is, as Slack says now. Raises `Rejected` when it is out of reach."""
        about = await self._client.file(file)
        url = about.get("url_private_download") or about.get("url_private")
        if not isinstance(url, str) or about.get("is_external"):
            raise Rejected("the file is kept outside of Slack, or is gone")
        return url

    async def _is_shared(self, file: str, channel: str) -> bool:
        try:
            shares = (await self._client.file(file)).get("shares")
        except Rejected:
            return False
        kinds = shares.values() if isinstance(shares, dict) else ()
        return any(isinstance(kind, dict) and channel in kind for kind in kinds)

    async def _put(self, name: str, content: bytes) -> str:
        """The id of a new file with this content, which nobody can see yet."""
        wanted: Json = {"filename": name, "length": len(content)}
        answer = await self._client.call("files.getUploadURLExternal", wanted, form=True)
        url, file = answer.get("upload_url"), answer.get("file_id")
        if not isinstance(url, str) or not isinstance(file, str):
            raise Unreachable("Slack gave no address to upload to")
        await self._client.put(url, content)
        return file

    async def _show(self, arguments: Json, part: Part) -> None:
        method = "files.completeUploadExternal"
        if not part.text:
            await self._client.call(method, arguments)
            return
        try:
            blocks = {"blocks": orjson.loads(part.text)}
            await self._client.call(method, arguments | blocks)
        except BadBlocks:
            comment = {"initial_comment": escape(part.plain)}
            await self._client.call(method, arguments | comment)

    def _remember(self, key: str, file: str) -> None:
        self._begun[key] = file
        if len(self._begun) > _MOST:
            del self._begun[next(iter(self._begun))]


def file_name(title: str) -> str:
    """A title as a name that every system takes, and that says no more than it seems to."""
    name = _UNWANTED.sub("_", clean(title)).strip(" .")
    if len(name) > _LONGEST_NAME:
        stem, dot, ending = name.rpartition(".")
        keeps = bool(dot) and len(ending) <= 16
        name = f"{stem[: _LONGEST_NAME - 20]}.{ending}" if keeps else name[:_LONGEST_NAME]
    return name or "file"


def _is_page(attachment: Attachment) -> bool:
    return (attachment.mime or "").startswith(("text/html", "application/xhtml"))
