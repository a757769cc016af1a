"""Calls to Discord's HTTP API over our shared aiohttp session.

discord.py's own transport is not used: it sleeps inside of a call for a limit or an error of the
server, and after a call for a limit to come, so that neither a receipt nor a failure is known when
it happens. Nothing here, and no error, shows a URL: those of interactions hold a token.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import aiohttp
import orjson
from yarl import URL

from channels.discord.refusals import refusal
from channels.errors import RateLimited, Unreachable

_CONNECT_SECONDS = 10.0
_READ_SECONDS = 20.0
_TIMEOUT = aiohttp.ClientTimeout(
    total=2 * _CONNECT_SECONDS + _READ_SECONDS,
    connect=2 * _CONNECT_SECONDS,
    sock_connect=_CONNECT_SECONDS,
    sock_read=_READ_SECONDS,
)
_UPLOAD_TIMEOUT = aiohttp.ClientTimeout(
    total=300.0,
    connect=2 * _CONNECT_SECONDS,
    sock_connect=_CONNECT_SECONDS,
    sock_read=60.0,
)
"""A file has to get through a slow line; `sock_read` runs while it is still being written."""

_AGENT = "DiscordBot (https://github.com/Rapptz/discord.py, 2.7)"
_SHORTEST_TOKEN = 16
"""Characters of what can be a token at all: less would be found in any words."""

_MANY = 1_000
_EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that goes with a call; `name` is what people see."""

    name: str
    mime: str
    content: bytes


class Transport:
    """One bot's calls. `http` belongs to the caller; `heard` is given the headers of answers."""

    def __init__(
        self,
        account: str,
        api_root: str,
        token: str,
        http: aiohttp.ClientSession,
        *,
        heard: Callable[[Mapping[str, str]], None] = lambda _: None,
    ) -> None:
        root = URL(api_root.rstrip("/"))
        self.account = account
        self._root = f"{root}/api/v10"
        self._where = f"{root.host}:{root.port}" if root.explicit_port else str(root.host)
        self._token = token
        self._headers = {"User-Agent": _AGENT}
        self._authorization = {**self._headers, "Authorization": f"Bot {token}"}
        self._http = http
        self._heard = heard
        self._closed_until: dict[str, float] = {}

    async def call(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        bucket: str = "",
        own_token: bool = True,
        file: Upload | None = None,
    ) -> Any:
        """The decoded answer; None for an empty one. Raises `channels.errors.ChannelError`.

        `bucket` names what shares a limit with this call: once Discord says that it is used up, a
        call is not made before its time, and `RateLimited` raised in its place.
        """
        self._check(bucket)
        status, headers, payload = await self._request(method, path, json, own_token, file)
        if bucket:
            self._count(bucket, headers)
        if 200 <= status < 300:
            return _decoded(payload) if payload else None
        body = _leniently(self._cleaned(payload, path, own_token=own_token))
        error = refusal(self.account, status, body, headers, own_token=own_token)
        if isinstance(error, RateLimited):
            self._close(_EVERYTHING if error.whole_account else bucket, error.retry_after)
        raise error

    async def _request(
        self, method: str, path: str, json: Any, own_token: bool, file: Upload | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        try:
            async with self._http.request(
                method,
                URL(self._root + path, encoded=True),
                data=_payload(json, file),
                headers=self._authorization if own_token else self._headers,
                timeout=_TIMEOUT if file is None else _UPLOAD_TIMEOUT,
                # A redirect would carry the token to another host.
                allow_redirects=False,
            ) as answer:
                self._heard(answer.headers)
                return answer.status, answer.headers, await answer.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise self._no_answer(error, uncertain=False) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._no_answer(error, uncertain=True) from None

    def _cleaned(self, payload: bytes, path: str, *, own_token: bool) -> bytes:
        """An error's body without what must not be shown: a proxy may repeat what it was sent."""
        if len(self._token) >= _SHORTEST_TOKEN:
            payload = payload.replace(self._token.encode(), b"[token]")
        return payload if own_token else payload.replace(path.encode(), b"[path]")

    def _no_answer(self, error: Exception, *, uncertain: bool) -> Unreachable:
        text = f"no answer from Discord at {self._where}: {type(error).__name__}"
        return Unreachable(text, uncertain=uncertain)

    # Limits: https://docs.discord.com/developers/topics/rate-limits ------------------------------

    def _check(self, bucket: str) -> None:
        now = _now()
        for name in (_EVERYTHING, bucket):
            left = self._closed_until.get(name, now) - now
            if left > 0:
                raise RateLimited(left, whole_account=name == _EVERYTHING)

    def _count(self, bucket: str, headers: Mapping[str, str]) -> None:
        if headers.get("X-RateLimit-Remaining") != "0":
            return
        try:
            self._close(bucket, float(headers["X-RateLimit-Reset-After"]))
        except (KeyError, ValueError):
            return

    def _close(self, bucket: str, seconds: float) -> None:
        if not bucket:
            return
        now = _now()
        if len(self._closed_until) >= _MANY:
            self._closed_until = {b: t for b, t in self._closed_until.items() if t > now}
        self._closed_until[bucket] = max(self._closed_until.get(bucket, 0.0), now + seconds)


def _payload(json: Any, file: Upload | None) -> aiohttp.Payload | None:
    """https://docs.discord.com/developers/reference#uploading-files"""
    if json is None:
        return None
    body = aiohttp.BytesPayload(orjson.dumps(json), content_type="application/json")
    if file is None:
        return body
    form = aiohttp.MultipartWriter("form-data")
    form.append(body).set_content_disposition("form-data", name="payload_json")
    content = aiohttp.BytesIOPayload(BytesIO(file.content), content_type=file.mime)
    # As browsers write it: in percent signs, the name would be taken for one that has them.
    form.append(content).set_content_disposition(
        "form-data", quote_fields=False, name="files[0]", filename=file.name
    )
    return form


def decode(payload: str | bytes) -> Any:
    """JSON as Discord writes it; half an emoji becomes a question mark. Raises ValueError."""
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError:
        import json

        value = json.loads(payload)
        return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


def _decoded(payload: bytes) -> Any:
    try:
        return decode(payload)
    except ValueError:
        # What was asked for may have been done.
        raise Unreachable("Discord's answer could not be read", uncertain=True) from None


def _leniently(payload: bytes) -> object:
    try:
        return decode(payload)
    except ValueError:
        return None


def _now() -> float:
    return asyncio.get_running_loop().time()
