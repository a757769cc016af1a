"""The Web API calls that Argent makes, with Argent's errors."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp
import orjson
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from yarl import URL

from channels.errors import ChannelError, Rejected, Unreachable
from channels.slack.config import SlackSettings
from channels.slack.format import escape, fallback
from channels.slack.identity import Identity
from channels.slack.refusals import meaning

Json = dict[str, object]

CALL_SECONDS = 30.0
"""How long one call may take."""

UPLOAD_SECONDS = 300.0
"""How long a file's content may take."""

MARK = "argent_part"
"""The metadata's name under which a part's key travels with its message."""

_PAGE = 200

# At DEBUG the library logs what it sends and gets, one-time tickets included.
logging.getLogger("slack_sdk").setLevel(logging.INFO)


class BotClient:
    """One bot. Every method raises `channels.errors.ChannelError` and nothing else."""

    def __init__(self, account: str, settings: SlackSettings, http: aiohttp.ClientSession) -> None:
        url = URL(settings.api_root)
        self._account = account
        self._where = f"{url.host}:{url.port}" if url.explicit_port else str(url.host)
        self._http = http
        self._app_token = settings.app_token
        # Without retry handlers: who waits, and for how long, is decided per chat and not here.
        self.web = AsyncWebClient(
            settings.token.get_secret_value(),
            base_url=settings.api_root,
            session=http,
            retry_handlers=[],
        )

    async def identity(self, settings: SlackSettings, commands: frozenset[str]) -> Identity:
        """Who the bot is."""
        me = await self.call("auth.test", {})
        if not all(isinstance(me.get(name), str) for name in ("team_id", "user_id", "user")):
            raise Unreachable(f"{self._where} did not say who the bot is")
        return Identity(
            account=self._account,
            team=str(me["team_id"]),
            user=str(me["user_id"]),
            bot=str(me.get("bot_id") or ""),
            name=str(me["user"]),
            slash=settings.command,
            commands=commands,
            starts_threads=settings.reply_in_thread,
        )

    async def granted(self) -> tuple[Json, frozenset[str]]:
        """What `auth.test` says, and the scopes of the bot token.

        Every answer names them: https://docs.slack.dev/authentication/installing-with-oauth
        """
        async with self._errors(), asyncio.timeout(CALL_SECONDS):
            answer = await self.web.api_call("auth.test")
            me, scopes = answer.data, answer.headers.get("x-oauth-scopes") or ""
        if not isinstance(me, dict):
            raise self._unreadable()
        return me, frozenset(scope.strip() for scope in scopes.split(","))

    async def app_of(self, bot: str) -> str:
        """The id of the app that a bot is of; empty where Slack does not say."""
        info = _object(await self.call("bots.info", {"bot": bot}, form=True), "bot")
        return str(info.get("app_id") or "")

    async def check(self) -> None:
        """Whether Slack is there and takes the token; returns if so."""
        await self.call("auth.test", {})

    async def socket_url(self) -> str:
        """An address for one Socket Mode connection: it works once, and soon."""
        token = self._app_token.get_secret_value() if self._app_token is not None else ""
        # The library takes the token out of the arguments and sends it as every other.
        answer = await self.call("apps.connections.open", {"token": token})
        url = answer.get("url")
        if not isinstance(url, str):
            raise Unreachable(f"{self._where} gave no address to connect to")
        return url

    async def send(
        self, channel: str, *, text: str, blocks: list[Json] | None, thread: str | None, key: str
    ) -> str:
        """Send a message; returns its ts. Raises `BadBlocks` among the others.

        `text` are its words for notifications, and all there is where `blocks` are None.
        """
        arguments: Json = {
            "channel": channel,
            "text": escape(text),
            "mrkdwn": False,
            # A preview makes Slack fetch every link at once: nobody asked for that, and a link
            # that a stranger's words put into an answer would carry data out without a click.
            "unfurl_links": False,
            "unfurl_media": False,
        }
        if blocks is not None:
            arguments["blocks"] = blocks
        if thread is not None:
            arguments["thread_ts"] = thread
        answer = await self.call("chat.postMessage", arguments | _marked(key))
        if not isinstance(answer.get("ts"), str):
            raise self._unreadable()
        return str(answer["ts"])

    async def update(
        self, channel: str, ts: str, *, text: str, blocks: list[Json], key: str
    ) -> None:
        """Change a message of the bot. Without a `key` it stays marked as it was.

        https://docs.slack.dev/reference/methods/chat.update
        """
        arguments: Json = {
            "channel": channel,
            "ts": ts,
            "text": fallback(text),
            "blocks": blocks,
            # What `chat.update` would make of a text otherwise links whatever looks like a link.
            "parse": "none",
            "unfurl_links": False,
            "unfurl_media": False,
        }
        await self.call("chat.update", arguments | _marked(key))

    async def delete(self, channel: str, ts: str) -> None:
        """Take a message of the bot away."""
        await self.call("chat.delete", {"channel": channel, "ts": ts})

    async def react(self, channel: str, ts: str, emoji: str, *, on: bool) -> None:
        """Give a message a reaction, or take it back."""
        arguments: Json = {"channel": channel, "timestamp": ts, "name": emoji}
        await self.call("reactions.add" if on else "reactions.remove", arguments)

    async def put(self, url: str, content: bytes) -> None:
        """Send a file's content to the address that Slack gave for it."""
        async with (
            self._errors(),
            asyncio.timeout(UPLOAD_SECONDS),
            self._http.post(
                url,
                data=content,
                headers={"Content-Type": "application/octet-stream"},
                timeout=aiohttp.ClientTimeout(total=UPLOAD_SECONDS),
                allow_redirects=False,
            ) as answer,
        ):
            await answer.read()
        if answer.status >= 500 or answer.status == 429:
            raise Unreachable(f"the upload failed ({answer.status})")
        if answer.status != 200:
            raise Rejected(f"Slack does not take the file's content ({answer.status})")

    async def respond(self, url: str, *, text: str, blocks: str) -> None:
        """Answer a slash command where only its author sees it.

        https://docs.slack.dev/interactivity/handling-user-interaction/#message_responses
        """
        body = {"text": escape(text), "blocks": orjson.loads(blocks), "unfurl_links": False}
        async with (
            self._errors(),
            asyncio.timeout(CALL_SECONDS),
            self._http.post(url, json=body, allow_redirects=False) as answer,
        ):
            await answer.read()
        if answer.status >= 500:
            raise Unreachable(f"a response URL failed ({answer.status})", uncertain=True)
        if answer.status != 200:
            raise Rejected(f"the response URL cannot be used any more ({answer.status})")

    async def find(self, channel: str, thread: str | None, key: str) -> str | None:
        """The ts of the message that a part became, if an earlier attempt did send it."""
        async for message in self.history(channel, thread, oldest="0", most=_PAGE, marked=True):
            metadata = message.get("metadata")
            payload = metadata.get("event_payload") if isinstance(metadata, dict) else None
            if isinstance(payload, dict) and payload.get("key") == key:
                return str(message.get("ts"))
        return None

    async def history(
        self, channel: str, thread: str | None, *, oldest: str, most: int, marked: bool = False
    ) -> AsyncIterator[Json]:
        """Messages after `oldest`, page by page: a channel's newest first, a thread's oldest first.

        At most `most` of a channel; a thread is read to its end, because its end is the newest.
        """
        method = "conversations.history" if thread is None else "conversations.replies"
        arguments: Json = {"channel": channel, "oldest": oldest, "limit": _PAGE}
        if thread is not None:
            arguments["ts"] = thread
        if marked:
            arguments["include_all_metadata"] = True
        count = 0
        while True:
            answer = await self.call(method, arguments, form=True)
            messages = answer.get("messages")
            for message in messages if isinstance(messages, list) else ():
                if isinstance(message, dict):
                    yield message
                    count += 1
            cursor = _cursor(answer)
            if not cursor or (thread is None and count >= most):
                return
            arguments["cursor"] = cursor

    async def conversations(self) -> AsyncIterator[Json]:
        """The conversations that the bot is in."""
        kinds = "public_channel,private_channel,mpim,im"
        arguments: Json = {"types": kinds, "exclude_archived": True, "limit": _PAGE}
        while True:
            answer = await self.call("users.conversations", arguments, form=True)
            channels = answer.get("channels")
            for channel in channels if isinstance(channels, list) else ():
                if isinstance(channel, dict):
                    yield channel
            cursor = _cursor(answer)
            if not cursor:
                return
            arguments["cursor"] = cursor

    async def person(self, user: str) -> Json:
        """A member of the workspace."""
        return _object(await self.call("users.info", {"user": user}, form=True), "user")

    async def place(self, channel: str) -> Json:
        """A conversation."""
        answer = await self.call("conversations.info", {"channel": channel}, form=True)
        return _object(answer, "channel")

    async def file(self, file: str) -> Json:
        """A file."""
        return _object(await self.call("files.info", {"file": file}, form=True), "file")

    async def root(self, channel: str, thread: str) -> Json | None:
        """The message that a thread began with. A page of a thread begins with it."""
        arguments: Json = {"channel": channel, "ts": thread, "limit": 1}
        messages = (await self.call("conversations.replies", arguments, form=True)).get("messages")
        first = messages[0] if isinstance(messages, list) and messages else None
        return first if isinstance(first, dict) and first.get("ts") == thread else None

    async def show_status(self, channel: str, thread: str, status: str) -> None:
        """Show a status in a thread until the bot's next message there."""
        arguments: Json = {"channel_id": channel, "thread_ts": thread, "status": status}
        await self.call("assistant.threads.setStatus", arguments)

    async def call(
        self, method: str, arguments: Json, *, form: bool = False
    ) -> Mapping[str, object]:
        """What a method answers. `form`: methods that read take no JSON."""
        async with self._errors(), asyncio.timeout(CALL_SECONDS):
            if form:
                answer = await self.web.api_call(method, params=dict(arguments))
            else:
                answer = await self.web.api_call(method, json=dict(arguments))
            data = answer.data
        if not isinstance(data, dict):
            raise self._unreadable()
        return data

    @asynccontextmanager
    async def _errors(self) -> AsyncIterator[None]:
        try:
            yield
        except ChannelError:
            raise
        except SlackApiError as error:
            # Not chained: what lies beneath holds the request, and with it the token.
            raise meaning(error, self._account, self._where) from None
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise Unreachable(f"no answer from {self._where}: {type(error).__name__}") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            text = f"no answer from {self._where}: {type(error).__name__}"
            raise Unreachable(text, uncertain=True) from None
        except (AttributeError, KeyError, TypeError, ValueError, json.JSONDecodeError):
            # The library stumbled over an answer of another shape.
            raise self._unreadable() from None

    def _unreadable(self) -> Unreachable:
        return Unreachable(f"the answer of {self._where} could not be read", uncertain=True)


def _marked(key: str) -> Json:
    return {"metadata": {"event_type": MARK, "event_payload": {"key": key}}} if key else {}


def _cursor(answer: Mapping[str, object]) -> str:
    metadata = answer.get("response_metadata")
    cursor = metadata.get("next_cursor") if isinstance(metadata, dict) else None
    return cursor if isinstance(cursor, str) else ""


def _object(answer: Mapping[str, object], name: str) -> Json:
    value = answer.get(name)
    return value if isinstance(value, dict) else {}
