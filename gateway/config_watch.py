"""Notices that the settings' files are others.

They are looked at, which costs a system call for each; see docs/adr/0027. However an editor, a
secrets' store or a mount replaces a file, the next look sees it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from gateway.config_source import ConfigSource

EVERY = 2.0
"""Seconds between two looks."""

SETTLED = 0.5
"""Seconds without another change after which a file counts as written."""

Sleep = Callable[[float], Awaitable[None]]


async def changes(source: ConfigSource, *, sleep: Sleep = asyncio.sleep) -> AsyncIterator[None]:
    """Yields whenever the files of `source` have changed and come to rest, since it was made."""
    seen = source.at_start
    while True:
        await sleep(EVERY)
        found = await asyncio.to_thread(source.marks)
        if found == seen:
            continue
        while found != seen:
            seen = found
            await sleep(SETTLED)
            found = await asyncio.to_thread(source.marks)
        yield
