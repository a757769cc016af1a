"""What the owner gives a provider with every call, as it is: ``temperature``, ``top_p``."""

from collections.abc import Mapping

import orjson

from state.choices import Option

_OURS = {
    "max_completion_tokens": "max_output_tokens sets it",
    "max_tokens": "max_output_tokens sets it",
    "messages": "it is the conversation",
    "model": "`model` sets it",
    "stream": "answers are always streamed",
    "stream_options": "answers are always streamed",
    "system": "system_prompt sets it",
    "tool_choice": "the turn decides it",
    "tools": "`tools` sets them",
}


def checked(options: Mapping[str, Option]) -> Mapping[str, Option]:
    """The options. Raises ValueError for what Argent itself says in every call."""
    for name in options:
        if name in _OURS:
            raise ValueError(f"{name!r} cannot be an option: {_OURS[name]}")
    return options


def encoded(options: Mapping[str, Option]) -> bytes:
    """The options as more members of a JSON object: ``,"temperature":0.2``."""
    return b"".join(b"," + orjson.dumps({name: options[name]})[1:-1] for name in options)
