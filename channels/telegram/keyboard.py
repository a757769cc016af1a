"""Buttons under a message, and what pressing one says. Pure.

https://core.telegram.org/bots/api#inlinekeyboardbutton
"""

from collections.abc import Sequence

from state.messages import Button

_MOST_BYTES = 64
"""The most that a button can say (`callback_data`)."""


def keyboard(buttons: Sequence[Button]) -> dict[str, object] | None:
    """An inline keyboard in one row, None without buttons.

    A button that says more than Telegram lets it is left out: with its words cut, pressing it
    would say something else.
    """
    row = [
        {"text": button.label, "callback_data": button.says}
        for button in buttons
        if 1 <= len(button.says.encode()) <= _MOST_BYTES
    ]
    return {"inline_keyboard": [row]} if row else None
