"""Takes known secrets out of a text, in every form in which something may have written them. Pure.

The values themselves are looked for, and not what looks like a token: so nothing else is blotted
out, and a secret of any shape is found.
"""

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import quote, quote_plus

REDACTED = "[redacted]"

SHORTEST = 6
"""Characters of the shortest secret that is looked for: a shorter one would blot out words."""

_LEFT_IN_PATHS = "/:@!$&'()*+,;="
"""What RFC 3986 lets stand in a path (section 3.3), and some clients do."""

Redact = Callable[[str], str]


def redactor(secrets: Iterable[str]) -> Redact:
    """A function that replaces these secrets in a text."""
    found = {form for secret in secrets if len(secret) >= SHORTEST for form in forms(secret)}
    if not found:
        return lambda text: text
    # The longest first, so that no rest of one stays behind; the plain search says no at once.
    ordered = sorted(found, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, ordered)))

    def redact(text: str) -> str:
        return pattern.sub(REDACTED, text) if any(form in text for form in ordered) else text

    return redact


def forms(secret: str) -> frozenset[str]:
    """A secret as it is, and as URLs, JSON, Python's `repr` and base64 write it."""
    written = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    written |= {repr(secret)[1:-1], *_quoted(secret), *_base64(secret.encode())}
    return frozenset(written)


def _quoted(secret: str) -> Iterator[str]:
    for text in (
        quote(secret, safe=""),
        quote(secret),
        quote(secret, safe=_LEFT_IN_PATHS),
        quote_plus(secret),
    ):
        yield text
        yield re.sub("%[0-9A-F]{2}", lambda octet: octet[0].lower(), text)


def _base64(secret: bytes) -> Iterator[str]:
    """What a secret looks like wherever it stands in what was encoded, as in ``user:secret``.

    Three bytes become four characters, so there are three ways; what depends on its neighbours is
    left out at both ends.
    """
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + secret).decode().rstrip("=")
        first = -(-before * 4 // 3)
        whole = (before + len(secret)) * 8 // 6
        inner = encoded[first:whole]
        yield inner
        yield inner.replace("+", "-").replace("/", "_")
