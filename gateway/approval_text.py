"""A call as an owner is shown it who shall approve it: whole, and exactly as it would run. Pure.

What cannot be seen, and what could be taken for the end of the call, is written out as JSON does.
A call that is too long to be shown so is not shown at all.
"""

import hashlib
import json
import unicodedata

from state.history import ToolCall

MOST = 1_500
"""Characters of a call's arguments that are shown: they and what stands around them are one message
on every platform (Discord's has 2,000)."""

_SEEN = frozenset("LNPS")
"""Unicode's general categories of what can be seen: letters, numbers, punctuation, symbols."""
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols that show nothing."""


def shown(call: ToolCall) -> str | None:
    """The arguments of a call that was read by its tool, over several lines.

    None where they are too long to be shown whole.
    """
    plain = json.dumps(json.loads(call.arguments), ensure_ascii=False, indent=1)
    text = "".join(map(_visible, plain))
    return text if len(text) <= MOST else None


def digest(call: ToolCall, session: str) -> str:
    """What tells a call in its session from every other: a changed byte makes it another."""
    facts = json.dumps([call.name, call.arguments, session])
    return hashlib.sha256(facts.encode()).hexdigest()


def _visible(char: str) -> str:
    if char == "`":
        # It could end the block that the arguments are shown in.
        return "\\u0060"
    if " " <= char <= "~" or char == "\n":
        return char
    seen = unicodedata.category(char)[0] in _SEEN and char not in _BLANK
    return char if seen else json.dumps(char)[1:-1]
