"""One call that changes files or makes them durable, as it was recorded. Pure."""

import base64
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Deed:
    """A call that was about to be made; `path` is absolute, and `to` what it becomes or links to.

    `at` and `data` are those of a write; `at` is the new size where one is set.
    """

    call: str
    path: str = ""
    at: int = 0
    data: bytes = b""
    to: str = ""

    def as_line(self) -> bytes:
        """For the log."""
        facts = asdict(self) | {"data": base64.b64encode(self.data).decode()}
        return json.dumps(facts).encode() + b"\n"


def deeds(log: bytes) -> Iterator[Deed]:
    """The inverse of `Deed.as_line`, for a whole log."""
    for line in log.splitlines():
        facts = json.loads(line)
        yield Deed(**(facts | {"data": base64.b64decode(facts["data"])}))
