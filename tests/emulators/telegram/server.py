"""The wire: ``/bot<token>/<method>`` over GET and POST, files, and the control endpoint."""

import asyncio
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import orjson
from aiohttp import web
from aiohttp.http import RawRequestMessage

from tests.emulators.telegram.calls import ApiError, Params
from tests.emulators.telegram.control import Control
from tests.emulators.telegram.faults import Answer

if TYPE_CHECKING:
    from tests.emulators.telegram.emulator import TelegramEmulator
    from tests.emulators.telegram.world import Bot

Json = dict[str, Any]
_CALL = re.compile(r"/bot([^/]+)/([A-Za-z_]+)")
_FILE = re.compile(r"/file/bot([^/]+)/(.+)")
_SENDS = frozenset(
    {
        "sendmessage", "editmessagetext", "senddocument", "sendphoto", "sendvoice", "sendaudio",
        "sendvideo", "sendanimation", "sendmediagroup",
    }
)  # fmt: skip
"""What counts for the flood limits: edits as much as new messages."""

_LARGEST_BODY = 64 * 1_048_576


class Server:
    """An aiohttp server without routing: every request takes the shortest way."""

    def __init__(self, telegram: "TelegramEmulator", port: int) -> None:
        self._telegram = telegram
        self._port = port
        self._control = Control(telegram)
        self._runner: web.ServerRunner | None = None
        self.url = ""

    async def start(self) -> None:
        self._runner = web.ServerRunner(
            web.Server(self._handle, request_factory=_request, access_log=None),
            shutdown_timeout=0.1,
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        host, self._port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{self._port}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        if call := _CALL.fullmatch(path):
            return await self._call(request, call[1], call[2].lower())
        if path.startswith("/control/"):
            return await self._control.handle(request, path.removeprefix("/control/"))
        if file := _FILE.fullmatch(path):
            return await self._file(file[1], unquote(file[2]))
        return _respond(_error(404, "Not Found"))

    async def _file(self, token: str, path: str) -> web.StreamResponse:
        world = self._telegram.world

        async def give() -> Answer:
            content = world.files.get(path) if token in world.bots else None
            if content is None or path in world.hidden:
                return _error(404, "Not Found")
            return Answer(200, content, "application/octet-stream")

        return _respond(await self._telegram.faults.apply("/file", None, give))

    async def _call(self, request: web.BaseRequest, token: str, method: str) -> web.StreamResponse:
        telegram = self._telegram
        telegram.counted(method)
        try:
            values = await _parameters(request)
        except orjson.JSONDecodeError:
            return _respond(_error(400, "Bad Request: can't parse JSON object"))
        bot = telegram.world.bots.get(token)
        if bot is None:
            well_formed = re.fullmatch(r"[0-9]+:[A-Za-z0-9_-]{3,}", token)
            return _respond(
                _error(401, "Unauthorized") if well_formed else _error(404, "Not Found")
            )
        params = Params(values)
        known = bot

        async def carry_out() -> Answer:
            return await self._carry_out(known, method, params)

        chat = params.integer("chat_id") or None
        answer = await telegram.faults.apply(method, chat, carry_out)
        telegram.answered()
        if answer.status == 0:
            if request.transport is not None:
                request.transport.close()
            return web.Response()
        return _respond(answer)

    async def _carry_out(self, bot: "Bot", method: str, params: Params) -> Answer:
        try:
            if method in _SENDS:
                wait = self._telegram.limits.wait(bot.id, params.integer("chat_id"))
                if wait:
                    raise ApiError(429, f"Too Many Requests: retry after {wait}", retry_after=wait)
            result = await self._telegram.methods.call(bot, method, params)
        except ApiError as error:
            return _error(error.code, error.description, **error.parameters)
        return Answer(200, orjson.dumps({"ok": True, "result": result}))


def _request(
    message: RawRequestMessage, payload: Any, protocol: Any, writer: Any, task: Any
) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    size = _LARGEST_BODY
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=size)


async def _parameters(request: web.BaseRequest) -> Json:
    values: Json = dict(request.query)
    if request.method == "POST" and request.body_exists:
        if request.content_type == "application/json":
            body = orjson.loads(await request.read() or b"{}")
            values |= body if isinstance(body, dict) else {}
        else:
            values |= dict(await request.post())
    return values


def _error(code: int, description: str, **parameters: int) -> Answer:
    body: Json = {"ok": False, "error_code": code, "description": description}
    if parameters:
        body["parameters"] = parameters
    return Answer(code, orjson.dumps(body))


def _respond(answer: Answer) -> web.Response:
    return web.Response(
        body=answer.body, status=answer.status, headers={"Content-Type": answer.content_type}
    )
