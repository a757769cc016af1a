"""The wire: ``/api/<method>``, Socket Mode's link, response URLs, uploads and downloads."""

import re
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from tests.emulators.slack.calls import ApiError, Params
from tests.emulators.slack.control import Control
from tests.emulators.slack.faults import Answer, SlackAnswer, answer

if TYPE_CHECKING:
    from tests.emulators.slack.emulator import SlackEmulator

Json = dict[str, Any]
_BEARER = re.compile(r"Bearer\s+(\S+)", re.IGNORECASE)


class Server:
    """An aiohttp server without routing: every request takes the shortest way."""

    def __init__(self, slack: "SlackEmulator", port: int) -> None:
        self._slack = slack
        self._port = port
        self._control = Control(slack)
        self._runner: web.ServerRunner | None = None
        self.url = ""

    async def start(self) -> None:
        self._runner = web.ServerRunner(
            web.Server(self._handle, access_log=None), shutdown_timeout=0.1
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        host, port = self._runner.addresses[0][:2]
        self.url, self._port = f"http://{host}:{port}", port

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        if path.startswith("/api/"):
            return await self._call(request, path.removeprefix("/api/"))
        if path.startswith("/link"):
            return await self._slack.socket.connect(request)
        if path.startswith("/commands/"):
            return await self._respond(request, path)
        if path.startswith("/upload/") and request.method == "POST":
            return await self._take_upload(request, path.removeprefix("/upload/"))
        if path.startswith("/files/"):
            return self._download(request, path.split("/")[2])
        if path.startswith("/control/"):
            return await self._control.handle(request, path.removeprefix("/control/"))
        return web.Response(status=404)

    async def _call(self, request: web.BaseRequest, method: str) -> web.StreamResponse:
        slack = self._slack
        slack.counted(method)
        try:
            values = await _arguments(request)
        except orjson.JSONDecodeError:
            return _sent(answer({"ok": False, "error": "invalid_json"}))
        bearer = _BEARER.fullmatch(request.headers.get("Authorization", ""))
        token = bearer[1] if bearer else str(values.pop("token", ""))
        params = Params(values)

        async def carry_out() -> Answer:
            try:
                result = await slack.methods.call(method, token, params)
                return answer(result, X_OAuth_Scopes=",".join(sorted(slack.scopes)))
            except ApiError as error:
                return answer({"ok": False, "error": error.error, **error.more})

        reply = await slack.faults.apply(method.lower(), params.values.get("channel"), carry_out)
        slack.changed.changed()
        if reply.status == 0:
            if request.transport is not None:
                request.transport.close()
            return web.Response()
        return _sent(reply)

    async def _respond(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        """https://docs.slack.dev/interactivity/handling-user-interaction/#message_responses"""
        found = self._slack.take_response_url(path)
        if found is None:
            return web.Response(status=404, text="used_url")
        body = orjson.loads(await request.read() or b"{}")
        self._slack.responded(found, body)
        return web.Response(text="ok")

    async def _take_upload(self, request: web.BaseRequest, file: str) -> web.StreamResponse:
        """The second step: content in any number of bytes but the announced one is refused."""
        content = await _upload(request)

        async def carry_out() -> Answer:
            about = self._slack.world.files.get(file)
            if about is None or about["size"] != len(content):
                return Answer(400, b"invalid upload", "text/plain")
            self._slack.world.contents[file] = content
            return Answer(200, f"OK - {len(content)}".encode(), "text/plain")

        reply = await self._slack.faults.apply("upload", None, carry_out)
        if reply.status == 0:
            if request.transport is not None:
                request.transport.close()
            return web.Response()
        return _sent(reply)

    def _download(self, request: web.BaseRequest, file: str) -> web.StreamResponse:
        self._slack.bearers.append(request.headers.get("Authorization", ""))
        allowed = request.headers.get("Authorization") == f"Bearer {self._slack.token}"
        if not allowed or not self._slack.reads_files:
            # Slack shows a sign-in page.
            page = "<!DOCTYPE html><html><body>Sign in</body></html>"
            return web.Response(text=page, content_type="text/html")
        content = self._slack.world.contents.get(file)
        if content is None:
            return web.Response(status=404)
        return web.Response(body=content, content_type="application/octet-stream")


async def _arguments(request: web.BaseRequest) -> Json:
    values: Json = dict(request.query)
    if request.method == "POST" and request.body_exists:
        if request.content_type == "application/json":
            body = orjson.loads(await request.read() or b"{}")
            values |= body if isinstance(body, dict) else {}
        else:
            values |= dict(await request.post())
    return values


async def _upload(request: web.BaseRequest) -> bytes:
    if not request.content_type.startswith("multipart/"):
        return await request.read()
    for field in (await request.post()).values():
        if isinstance(field, web.FileField):
            return field.file.read()
    return b""


def _sent(reply: Answer) -> web.Response:
    headers = {"Content-Type": reply.content_type}
    if isinstance(reply, SlackAnswer):
        headers |= reply.headers
    return web.Response(body=reply.body, status=reply.status, headers=headers)
