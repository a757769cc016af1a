"""A model that costs next to nothing, however long the conversation: it repeats the last question.

The emulated OpenAI checks and keeps every request, which would take most of the machine in a chat
of five thousand messages. This one reads only a request's end. Run as a process of its own; with
``--delay`` it thinks for so many seconds before it speaks.
"""

import argparse
import asyncio
import json
import time

from aiohttp import web

_CONTENT = b'{"role":"user","content":'
_CHUNK = (
    b'data: {"id":"1","object":"chat.completion.chunk","created":0,"model":"test","choices":'
    b'[{"index":0,"delta":{"role":"assistant","content":%b},"finish_reason":null}]}\n\n'
)
_END = (
    b'data: {"id":"1","object":"chat.completion.chunk","created":0,"model":"test","choices":'
    b'[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    b'data: {"id":"1","object":"chat.completion.chunk","created":0,"model":"test","choices":[],'
    b'"usage":{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d}}\n\n'
    b"data: [DONE]\n\n"
)


class EchoModel:
    """OpenAI's chat completions, streamed; ``GET /seconds`` tells how long each answer took."""

    def __init__(self, delay: float = 0.0) -> None:
        self._delay = delay
        self._seconds: list[float] = []

    async def serve(self) -> None:
        server = web.ServerRunner(web.Server(self._handle, access_log=None))
        await server.setup()
        await web.TCPSite(server, "127.0.0.1", 0).start()
        host, port = server.addresses[0][:2]
        print(json.dumps({"url": f"http://{host}:{port}"}), flush=True)
        await asyncio.Event().wait()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/seconds":
            return web.json_response(self._seconds)
        body = await request.read()
        began = time.monotonic()
        if self._delay:
            await asyncio.sleep(self._delay)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(answer(body))
        await response.write_eof()
        self._seconds.append(time.monotonic() - began)
        return response


def asked_last(body: bytes) -> bytes:
    """What a request says last as its user, as JSON."""
    start = body.rindex(_CONTENT) + len(_CONTENT)
    return body[start : body.index(b"}", start)]


def answer(body: bytes) -> bytes:
    """The events that repeat it."""
    words = asked_last(body)
    prompt, completion = len(body) // 4, len(words) // 4
    return _CHUNK % words + _END % (prompt, completion, prompt + completion)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--delay", type=float, default=0.0)
    asyncio.run(EchoModel(parser.parse_args().delay).serve())
