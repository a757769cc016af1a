"""A gateway whose own code breaks with secrets in its hands: ``python -m … <seeing|blind> …``.

Wherever somebody may forget to catch something, an error with every secret in it is raised: in a
turn, in a call to a platform, in a task that nobody waits for, in a thread, while an object is
thrown away, and at the very end. A `blind` one takes no secret out of anything.
"""

import asyncio
import sys
import threading
import warnings
from typing import Any

import gateway.redaction
from gateway.config_schema import secrets

BREAK = "break, please"
DROP = "drop it, please"
"""What somebody says who wants to see a turn break, and the call that would bring an answer."""

_known: list[str] = []


class _Breaks:
    def __del__(self) -> None:
        raise RuntimeError(f"thrown away with {_known}")


def _blind() -> None:
    gateway.redaction.redactor = lambda _: lambda text: text
    gateway.redaction.forms = lambda _: frozenset()


def _break_everything() -> None:
    """With the modules that are only now imported: what they take from others is settled then."""
    from channels.telegram.channel import TelegramChannel
    from gateway import daemon
    from gateway.conversation import Conversation

    serve, send, handle = daemon.serve, TelegramChannel.send, Conversation._bring_to_its_end

    async def broken_serve(settings: Any, *others: Any, **more: Any) -> int:
        _known[:] = secrets(settings)
        code = await serve(settings, *others, **more)
        raise RuntimeError(f"at the end: {code} {_known}")

    async def broken_send(channel: TelegramChannel, part: Any) -> Any:
        if DROP in part.part.plain:
            raise RuntimeError(f"no channel does that with {_known}")
        return await send(channel, part)

    async def broken_handle(conversation: Conversation, batch: Any, stop: Any) -> Any:
        if BREAK not in str(getattr(batch.last.message, "text", "")):
            return await handle(conversation, batch, stop)
        warnings.warn(f"beware of {_known}", stacklevel=1)
        threading.Thread(target=_fail).start()
        asyncio.get_running_loop().create_task(_fail_alone())
        _Breaks()
        raise RuntimeError(f"the turn broke over {_known}")

    daemon.serve = broken_serve
    TelegramChannel.send = broken_send
    Conversation._bring_to_its_end = broken_handle


def _fail() -> None:
    raise RuntimeError(f"in a thread: {_known}")


async def _fail_alone() -> None:
    raise RuntimeError(f"in a task: {_known}")


if __name__ == "__main__":
    sight = sys.argv.pop(1)
    if sight == "blind":
        _blind()
    _break_everything()
    from gateway.cli.main import main

    main()
