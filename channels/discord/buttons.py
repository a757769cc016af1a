"""Buttons as Discord's components, and what a pressed one says.

https://docs.discord.com/developers/components/reference#button
"""

from collections.abc import Sequence
from typing import Any

from state.messages import Button

Json = dict[str, Any]
LONGEST_ID = 100
"""Characters of a component's id, which is where a button carries what it says."""

_ROW = 1
_BUTTON = 2
_GREY = 2
_A_ROW = 5
_MOST = 25
_LONGEST_LABEL = 80
_PREFIX = "says"


def rows(buttons: Sequence[Button]) -> list[Json]:
    """Rows of buttons; one whose words are too long for an id is left out."""
    shown = [_component(index, button) for index, button in enumerate(buttons[:_MOST])]
    fitting = [each for each in shown if len(each["custom_id"]) <= LONGEST_ID]
    return [
        {"type": _ROW, "components": fitting[at : at + _A_ROW]}
        for at in range(0, len(fitting), _A_ROW)
    ]


def pressed(data: Json) -> str | None:
    """What the button says whose interaction data this is; None for what is no button of ours."""
    name = data.get("custom_id")
    if data.get("component_type") != _BUTTON or not isinstance(name, str):
        return None
    prefix, _, rest = name.partition(":")
    index, _, says = rest.partition(":")
    return says or None if prefix == _PREFIX and index.isdecimal() else None


def _component(index: int, button: Button) -> Json:
    # Ids must differ within a message, also when two buttons say the same.
    return {
        "type": _BUTTON,
        "style": _GREY,
        "label": button.label[:_LONGEST_LABEL],
        "custom_id": f"{_PREFIX}:{index}:{button.says}",
    }
