"""Who may ask over HTTP, and for what. Pure.

Loopback grants nothing: any program of this machine, and any web page in its browser, can reach
it. So there is always a token, and the name that was asked must be ours: a page whose own name was
made to lead here (DNS rebinding) asks under that name.
"""

import hmac
from collections.abc import Collection, Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

UNAUTHORIZED = 401
MISDIRECTED = 421


class Guard:
    """Knows the token, and by which `names` we may be asked beside addresses."""

    def __init__(self, token: str, names: Collection[str] = ()) -> None:
        self._token = token.encode()
        self._names = frozenset({"localhost", *(name.lower().rstrip(".") for name in names)})

    def refusal(self, host: str | None, headers: Mapping[str, str]) -> int | None:
        """The status that refuses a request with this `Host`; None when it may be answered."""
        if host is None or not self._is_ours(host):
            return MISDIRECTED
        scheme, _, shown = headers.get("Authorization", "").partition(" ")
        right = hmac.compare_digest(shown.strip().encode("utf-8", "surrogateescape"), self._token)
        return None if right and scheme.lower() == "bearer" else UNAUTHORIZED

    def _is_ours(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if name.rstrip(".") in self._names:
            return True
        try:
            # An address is nobody's name: it cannot be made to lead elsewhere.
            ip_address(name)
        except ValueError:
            return False
        return True
