"""How soon something that failed is tried again."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import stamina

from channels.errors import RateLimited, Unauthorized

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pace:
    """Waits that double from `first` to `most` seconds, with up to `jitter` seconds on top."""

    first: float = 0.5
    most: float = 60.0
    jitter: float = 1.0

    async def until_done(
        self, attempt: Callable[[], Awaitable[T]], failed: Callable[[Exception], None]
    ) -> T:
        """The result of the first attempt that succeeds; `failed` hears of every other.

        A flood wait is obeyed to the second. Raises `Unauthorized`, which no waiting mends.
        """

        def again(error: BaseException) -> bool | float:
            # A cancellation passes through here, too.
            if isinstance(error, Unauthorized) or not isinstance(error, Exception):
                return False
            failed(error)
            return error.retry_after if isinstance(error, RateLimited) else True

        async for trial in stamina.retry_context(
            on=again,
            attempts=None,
            timeout=None,
            wait_initial=self.first,
            wait_max=self.most,
            wait_jitter=self.jitter,
        ):
            with trial:
                return await attempt()
        raise AssertionError("a retry without end has ended")
