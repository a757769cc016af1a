"""What a model emulator can be told to do: answers and faults."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Call:
    """A tool call; `arguments` is JSON text and may be damaged on purpose."""

    name: str
    arguments: str = "{}"


@dataclass(frozen=True)
class Says:
    """An answer. `stop` is the provider's reason to stop, where it is not the usual one."""

    text: str = ""
    calls: tuple[Call, ...] = ()
    reasoning: str = ""
    stop: str | None = None


@dataclass(frozen=True)
class Status:
    """An HTTP error; `kind` and `code` are the provider's own names for it."""

    status: int
    message: str = "something went wrong"
    kind: str = ""
    code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Body:
    """Any response at all: a web page with status 200, JSON where a stream was asked for."""

    body: bytes
    content_type: str = "text/html"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Hangs:
    """Nothing more comes after `after` events of the answer; None: not even the headers."""

    after: int | None = None
    says: Says = Says("one two three four five six")


@dataclass(frozen=True)
class Cut:
    """The connection ends after `after` events, properly (`clean`) or by a reset."""

    after: int
    clean: bool = True
    says: Says = Says("one two three four five six")


@dataclass(frozen=True)
class Trickles:
    """The stream comes byte by byte."""

    bytes_per_second: float = 1.0
    says: Says = Says("one two three four five six")


@dataclass(frozen=True)
class Raw:
    """These bytes are the stream, whatever they are."""

    stream: bytes


@dataclass(frozen=True)
class Fails:
    """An error event after `after` events of the answer."""

    after: int
    kind: str
    message: str = "something went wrong"
    says: Says = Says("one two three four five six")


Scripted = Says | Status | Body | Hangs | Cut | Trickles | Raw | Fails
