"""A model that repeats what it is told, all of it, as fast as it is asked to."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from tests.emulators.llm import Asked
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.script import Scripted


class Parrot(OpenAIEmulator):
    """Says again what the user said since its last answer; `pause` is between two pieces (s)."""

    def __init__(self, *, pause: float = 0.0, **how: Any) -> None:
        super().__init__(**how)
        self.pause = pause

    def echo(self, asked: Asked) -> str:
        said = []
        for message in reversed(asked.messages):
            if message["role"] == "assistant":
                break
            if message["role"] == "user":
                said.append(_words(message["content"]))
        return "\n".join(reversed(said))

    async def _chunks(self, item: Scripted, asked: Asked) -> AsyncIterator[bytes]:
        async for chunk in super()._chunks(item, asked):
            yield chunk
            await asyncio.sleep(self.pause)


def _words(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(part["text"] for part in content if part["type"] == "text")
