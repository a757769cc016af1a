"""The transport under python-telegram-bot: our shared aiohttp session in place of its own client.

Besides being many times cheaper under load, this is where it is known whether a call that failed
may have been carried out. Nothing here, and no error, shows a URL: it holds the token.
"""

import json
from http import HTTPStatus
from io import BytesIO
from typing import Any

import aiohttp
import orjson
from telegram.error import TelegramError
from telegram.request import BaseRequest, RequestData

_CONNECT_SECONDS = 10.0
_READ_SECONDS = 20.0
_SLOWEST_UPLOAD = 50_000
"""Bytes a second: slower than this, a file is given up."""
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Refused(TelegramError):
    """Telegram answered that it will not: https://core.telegram.org/bots/api#making-requests."""

    def __init__(self, code: int, description: str, parameters: dict[str, Any]) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


class NoAnswer(TelegramError):
    """Nothing that could be an answer came; `uncertain`: the call may have been carried out."""

    def __init__(self, message: str, *, uncertain: bool) -> None:
        super().__init__(message)
        self.uncertain = uncertain


class AiohttpRequest(BaseRequest):
    """Parameters and files over an `aiohttp.ClientSession`, which belongs to the caller."""

    __slots__ = ("_http", "_where")

    def __init__(self, http: aiohttp.ClientSession, where: str) -> None:
        """`where` is how errors name the server."""
        self._http = http
        self._where = where

    @property
    def read_timeout(self) -> float:
        """See `BaseRequest`."""
        return _READ_SECONDS

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close: the session is shared."""

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: object = BaseRequest.DEFAULT_NONE,
        write_timeout: object = BaseRequest.DEFAULT_NONE,
        connect_timeout: object = BaseRequest.DEFAULT_NONE,
        pool_timeout: object = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """See `BaseRequest`. Raises `Refused` and `NoAnswer`."""
        read = float(read_timeout) if isinstance(read_timeout, int | float) else _READ_SECONDS
        body, headers, size = _body(request_data)
        timeout = aiohttp.ClientTimeout(
            total=_CONNECT_SECONDS * 2 + read + size / _SLOWEST_UPLOAD,
            connect=_CONNECT_SECONDS * 2,
            sock_connect=_CONNECT_SECONDS,
            sock_read=read,
        )
        try:
            async with self._http.request(
                # A redirect would carry the token to another host.
                method, url, data=body, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:  # fmt: skip
                status, payload = answer.status, await answer.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise self._no_answer(error, uncertain=False) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._no_answer(error, uncertain=True) from None
        if status != 200:
            raise self._refusal(status, payload)
        return status, payload

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """The envelope of a success. Raises `NoAnswer`: what was asked for may have been done."""
        try:
            envelope = decode(payload)
        except ValueError:
            envelope = None
        if not isinstance(envelope, dict) or "result" not in envelope:
            raise NoAnswer("Telegram's answer could not be read", uncertain=True)
        return envelope

    def _no_answer(self, error: Exception, *, uncertain: bool) -> NoAnswer:
        text = f"no answer from Telegram at {self._where}: {type(error).__name__}"
        return NoAnswer(text, uncertain=uncertain)

    def _refusal(self, status: int, payload: bytes) -> TelegramError:
        try:
            envelope = decode(payload)
        except ValueError:
            envelope = None
        if isinstance(envelope, dict) and isinstance(envelope.get("description"), str):
            parameters = envelope.get("parameters")
            return Refused(
                status, envelope["description"], parameters if isinstance(parameters, dict) else {}
            )
        if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            # What stands before the Bot API measures, too, and it stays too large.
            return Refused(status, "the file is too large", {})
        # Not the Bot API speaks, but a proxy, a firewall or a wrong address.
        text = f"{self._where} answered {status} and not as a Bot API server does"
        return NoAnswer(text, uncertain=status >= 500)


def _body(data: RequestData | None) -> tuple[bytes | aiohttp.FormData, dict[str, str], int]:
    """The body of a call, its headers, and how many bytes of files are in it."""
    if data is None:
        return b"", _FORM, 0
    files = data.multipart_data if data.contains_files else {}
    if not files:
        return data.url_encoded_parameters().encode(), _FORM, 0
    # Quoted, a name would be shown with its percent signs; ours have no quotes and no line ends.
    form, size = aiohttp.FormData(quote_fields=False), 0
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for field, (name, file, mime) in files.items():
        content = file if isinstance(file, bytes) else file.read()
        size += len(content)
        # As a file it is written piece by piece; as bytes it would hold up everybody else.
        form.add_field(field, BytesIO(content), filename=name, content_type=mime)
    return form, {}, size


def decode(payload: bytes) -> object:
    """JSON as Telegram writes it. Raises ValueError.

    Half an emoji, cut off by a client, arrives as a lone surrogate, which is no text in UTF-8; it
    becomes a question mark, so that offsets stay right.
    """
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError:
        value = json.loads(payload)
        return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
