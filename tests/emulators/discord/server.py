"""The wire: ``/api/v10``, the gateway at ``/``, the files, and the control endpoint."""

import json
import re
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from tests.emulators.discord import errors
from tests.emulators.discord.control import Control
from tests.emulators.discord.errors import ApiError
from tests.emulators.discord.limits import Verdict
from tests.emulators.discord.routes import Call, Upload
from tests.emulators.telegram.faults import Answer

if TYPE_CHECKING:
    from tests.emulators.discord.emulator import DiscordEmulator
    from tests.emulators.discord.world import Bot

_API = re.compile(r"/api(?:/v\d+)?(/.*)")
_FILE = re.compile(r"files?\[(\d+)\]|file\d*")
JSON_TYPE = "application/json"


class Server:
    """An aiohttp server without routing of its own."""

    def __init__(self, discord: "DiscordEmulator", port: int) -> None:
        self._discord = discord
        self._port = port
        self._control = Control(discord)
        self._runner: web.ServerRunner | None = None
        self.host = ""

    async def start(self) -> None:
        self._runner = web.ServerRunner(
            web.Server(self._handle, access_log=None), shutdown_timeout=0.1
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self._port = port
        self.host = f"{host}:{port}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        if path.rstrip("/") in {"", "/gateway"} and "upgrade" in request.headers:
            return await self._discord.gateway.handle(request)
        if path.startswith("/control/"):
            return await self._control.handle(request, path.removeprefix("/control/"))
        if api := _API.fullmatch(path):
            return await self._call(request, api[1])
        if path.startswith("/attachments/"):
            return await self._discord.cdn.handle(request)
        return web.Response(status=404)

    async def _call(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        discord = self._discord
        try:
            route, ids = discord.rest.find(request.method, path)
        except ApiError as error:
            return _respond(_answer(error.status, error.body))
        call = Call(route, ids, dict(request.query), self._bot(request))
        verdict = Verdict()

        async def carry_out() -> Answer:
            nonlocal verdict
            try:
                if not route.open and call.bot is None:
                    raise errors.unauthorized()
                number = call.bot.id if call.bot is not None else 0
                verdict = discord.limits.take(number, route.name, call.major)
                if verdict.retry_after is not None:
                    return _limited(verdict)
                call.body, call.files = await _body(request)
                result = await route.handler(call)
            except ApiError as error:
                return _answer(error.status, error.body)
            return Answer(204) if result is None else _answer(200, result)

        discord.counted(route.name)
        chat = ids.get("channel", "")
        place = int(chat) if chat.isdecimal() else None
        answer = await discord.faults.apply(route.name, place, carry_out)
        discord.changed.changed()
        if answer.status == 0:
            if request.transport is not None:
                request.transport.close()
            return web.Response()
        return _respond(answer, verdict.headers)

    def _bot(self, request: web.BaseRequest) -> "Bot | None":
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return self._discord.world.bots.get(token) if scheme == "Bot" else None


async def _body(request: web.BaseRequest) -> tuple[Any, list[Upload]]:
    if not request.body_exists:
        return None, []
    if request.content_type == JSON_TYPE:
        return _decoded(await request.read()), []
    if not request.content_type.startswith("multipart/"):
        raise errors.ApiError(
            400, 50035, f"Expected \"Content-Type\" header to be one of {{'{JSON_TYPE}'}}."
        )
    body: Any = {}
    files: list[Upload] = []
    reader = await request.multipart()
    while (part := await reader.next()) is not None:
        name = part.name or ""
        content = bytearray()
        # In one go, the server would take no more than a megabyte.
        while chunk := await part.read_chunk():
            content += chunk
        if name == "payload_json":
            body = _decoded(bytes(content))
        elif _FILE.fullmatch(name):
            kind = part.headers.get("Content-Type", "application/octet-stream")
            files.append(Upload(name, part.filename or "file", bytes(content), kind))
    return body, files


def _decoded(content: bytes) -> Any:
    if not content:
        return None
    try:
        return json.loads(content)
    except ValueError:
        raise errors.bad_json() from None


def _limited(verdict: Verdict) -> Answer:
    body = {
        "message": "You are being rate limited.",
        "retry_after": round(verdict.retry_after or 0, 3),
        "global": verdict.is_global,
    }
    verdict.headers |= {
        "Retry-After": str(int(verdict.retry_after or 0) + 1),
        "X-RateLimit-Scope": "global" if verdict.is_global else "user",
    }
    return _answer(429, body)


def _answer(status: int, body: Any) -> Answer:
    return Answer(status, orjson.dumps(body), JSON_TYPE)


def _respond(answer: Answer, headers: dict[str, str] | None = None) -> web.Response:
    sent = {"Via": "1.1 emulator", **(headers or {})}
    if answer.status != 204:
        sent["Content-Type"] = answer.content_type
    return web.Response(body=answer.body, status=answer.status, headers=sent)
