"""A disk that fails when it is told to."""

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

from state.files.calls import SystemCalls


@dataclass
class FailingDisk:
    """Counts the system calls, and fails from the `at`-th on until it is healed.

    With `lasts` False only that one fails. A write that fails has written half of its bytes.
    """

    at: int
    error: int = errno.ENOSPC
    lasts: bool = True
    count: int = 0
    failed: int = 0
    seen: list[str] = field(default_factory=list)

    def heal(self) -> None:
        if self.failed:
            self.at = -1

    def calls(self) -> SystemCalls:
        real = SystemCalls()
        names = [f.name for f in fields(SystemCalls)]
        return SystemCalls(**{name: self._failing(name, getattr(real, name)) for name in names})

    def _failing(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def attempt(*args: Any) -> Any:
            self.count += 1
            self.seen.append(name)
            fails = self.at >= 0 and (
                self.count >= self.at if self.lasts else self.count == self.at
            )
            if not fails:
                return call(*args)
            self.failed += 1
            if name == "pwrite":
                fd, data, offset = args
                os.pwrite(fd, data[: len(data) // 2], offset)
            raise OSError(self.error, os.strerror(self.error))

        return attempt
