"""Whether what was read from the wire really is of the types that it says it is.

A number where a text belongs would pass here and fail in the store, again and again, and hold up
everything behind it.
"""

from dataclasses import fields, is_dataclass
from functools import cache
from typing import TypeVar, get_args, get_type_hints

T = TypeVar("T")
_PLAIN = (str, int, bool, type(None))


def sound(value: T) -> T:
    """The value itself. Raises TypeError, naming the field, or ValueError for what is no text."""
    if isinstance(value, tuple):
        for item in value:
            sound(item)
    elif is_dataclass(value) and not isinstance(value, type):
        allowed = _plain_fields(type(value))
        for field in fields(value):
            content = getattr(value, field.name)
            expected = allowed.get(field.name)
            if expected is None:
                sound(content)
            elif type(content) not in expected:
                raise TypeError(f"{field.name} cannot be {content!r:.80}")
            elif isinstance(content, str):
                content.encode()
    return value


@cache
def _plain_fields(kind: type) -> dict[str, tuple[type, ...]]:
    """The fields that hold texts, numbers and flags, with the exact types they may have."""
    hints = {name: get_args(hint) or (hint,) for name, hint in get_type_hints(kind).items()}
    return {name: types for name, types in hints.items() if all(t in _PLAIN for t in types)}
