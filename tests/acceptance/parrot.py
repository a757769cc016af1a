"""A model that repeats what it is told, all of it, as fast as it is asked to."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any

from tests.emulators.llm import Asked
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.script import Call, Says, Scripted

_RUN = re.compile(r"run (#\d+#)")


class Parrot(OpenAIEmulator):
    """Says again what the user said since its last answer; `pause` is between two pieces (s)."""

    def __init__(self, *, pause: float = 0.0, **how: Any) -> None:
        super().__init__(**how)
        self.pause = pause

    def echo(self, asked: Asked) -> str:
        said = []
        for message in reversed(asked.messages):
            if message["role"] == "assistant" and not message.get("tool_calls"):
                break
            if message["role"] == "user":
                said.append(_words(message["content"]))
        return "\n".join(reversed(said))

    async def _chunks(self, item: Scripted, asked: Asked) -> AsyncIterator[bytes]:
        async for chunk in super()._chunks(item, asked):
            yield chunk
            await asyncio.sleep(self.pause)


class Apprentice(Parrot):
    """Runs a command when somebody says ``run #7#``, takes its time when they say ``slowly``.

    What it runs leaves a line in ``ran.txt``: a command that was run twice is found there.
    """

    slowness = 0.04
    """Seconds between two pieces of an answer that takes its time."""

    def _next(self, asked: Asked) -> Scripted:
        said = self.echo(asked)
        last = asked.messages[-1]
        if last["role"] == "user" and "tools" in asked.body and (runs := _RUN.findall(said)):
            command = "; ".join(f"echo '{each}' >> ran.txt" for each in runs)
            return Says(calls=(Call("bash", json.dumps({"command": command})),))
        return Says(said)

    async def _chunks(self, item: Scripted, asked: Asked) -> AsyncIterator[bytes]:
        slow = isinstance(item, Says) and "slowly" in item.text
        async for chunk in super()._chunks(item, asked):
            yield chunk
            await asyncio.sleep(self.slowness if slow else 0)


def _words(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(part["text"] for part in content if part["type"] == "text")
