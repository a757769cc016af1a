"""What the tools of an MCP server are called here: ``<server>__<tool>``.

A server's name has no ``_``, so the part before the first ``__`` says whose a tool is; Argent's own
tools have no ``__`` in their names. No server can take the name of another's tool, or of ours.
"""

import hashlib
import re
from collections.abc import Iterable

LONGEST = 64
"""Characters of a tool's name that providers take; each is one of ``a-z A-Z 0-9 _ -``."""

SEPARATOR = "__"

_FOREIGN = re.compile(r"[^a-zA-Z0-9_-]")


def tool_names(server: str, theirs: Iterable[str]) -> dict[str, str]:
    """The names of a server's tools, by what it calls them; the first of two alike counts.

    A name that had to be changed ends in a part that only it has, so that no two become one.
    """
    names: dict[str, str] = {}
    for their in theirs:
        plain = f"{server}{SEPARATOR}{_FOREIGN.sub('_', their)}"
        if len(plain) > LONGEST or not plain.endswith(their) or not their:
            mark = hashlib.sha256(their.encode("utf-8", "surrogatepass")).hexdigest()[:8]
            plain = f"{plain[: LONGEST - len(mark) - 1]}_{mark}"
        names.setdefault(their, plain)
    return names
