"""How large a message of a server may be: what is larger holds up everybody while it is read."""

LARGEST_MESSAGE = 4 << 20
"""Bytes of one message, enough for a picture of a screen."""

MOST_PARTS = 100_000
"""Objects and lists in one message; a thousand tools have about a tenth of them."""


def parts(data: bytes) -> int:
    """At most how many objects and lists there are in a piece of JSON; those in texts count."""
    return data.count(b"{") + data.count(b"[")
