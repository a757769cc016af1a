"""What a message may consist of, and what Discord says of the rest."""

from typing import Any

from tests.emulators.discord import errors
from tests.emulators.discord.routes import Upload

Json = dict[str, Any]
LONGEST_TEXT = 2000
"""Characters: https://docs.discord.com/developers/resources/message#create-message"""

LONGEST_NONCE = 25
_ROW, _BUTTON, _LINK = 1, 2, 5
_MOST_ROWS = _MOST_IN_A_ROW = 5
_LONGEST_ID = 100
_LONGEST_LABEL = 80


def checked_content(fields: Json, files: list[Upload], *, attached: bool = False) -> str:
    """The words of a message. Raises `ApiError` for what Discord would refuse."""
    content = fields.get("content")
    if content is not None and not isinstance(content, str):
        raise errors.invalid("content", "STRING_TYPE_CONVERT", "Could not interpret as string.")
    content = (content or "").strip()
    if len(content) > LONGEST_TEXT:
        raise errors.invalid(
            "content", "BASE_TYPE_MAX_LENGTH", f"Must be {LONGEST_TEXT} or fewer in length."
        )
    if not content and not files and not attached and not fields.get("embeds"):
        raise errors.empty_message()
    return content


def checked_nonce(fields: Json) -> str | None:
    """Raises `ApiError`."""
    nonce = fields.get("nonce")
    if nonce is None:
        return None
    if not isinstance(nonce, str | int) or len(str(nonce)) > LONGEST_NONCE:
        raise errors.invalid("nonce", "NONCE_TYPE_TOO_LONG", "Must be 25 or fewer in length.")
    return str(nonce)


def checked_components(given: object) -> list[Json]:
    """Rows of buttons: https://docs.discord.com/developers/components/reference#action-row

    Raises `ApiError`. Of the other components there are none here.
    """
    if given is None:
        return []
    if not isinstance(given, list) or len(given) > _MOST_ROWS:
        raise _wrong("components", "BASE_TYPE_BAD_LENGTH", "Must be between 0 and 5 in length.")
    rows = [_row(f"components.{index}", row) for index, row in enumerate(given)]
    names = [button.get("custom_id") for row in rows for button in row["components"]]
    named = [name for name in names if name is not None]
    if len(named) != len(set(named)):
        text = "Component custom id cannot be duplicated"
        raise _wrong("components", "COMPONENT_CUSTOM_ID_DUPLICATED", text)
    for number, row in enumerate(rows):
        row["id"] = 1 + number * (_MOST_IN_A_ROW + 1)
        for place, button in enumerate(row["components"]):
            button["id"] = row["id"] + 1 + place
    return rows


def _row(where: str, row: Any) -> Json:
    if not isinstance(row, dict) or row.get("type") != _ROW:
        raise _wrong(f"{where}.type", "BASE_TYPE_CHOICES", "Value must be one of {1}.")
    inner = row.get("components")
    if not isinstance(inner, list) or not 1 <= len(inner) <= _MOST_IN_A_ROW:
        raise _wrong(
            f"{where}.components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length."
        )
    buttons = [_button(f"{where}.components.{n}", each) for n, each in enumerate(inner)]
    return {"type": _ROW, "components": buttons}


def _button(where: str, button: Any) -> Json:
    if not isinstance(button, dict) or button.get("type") != _BUTTON:
        raise _wrong(f"{where}.type", "BASE_TYPE_CHOICES", "Value must be one of {2}.")
    label = button.get("label")
    if not isinstance(label, str) or not 1 <= len(label) <= _LONGEST_LABEL:
        raise _wrong(f"{where}.label", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 80.")
    style, name = button.get("style"), button.get("custom_id")
    if not isinstance(style, int) or not 1 <= style <= _LINK:
        raise _wrong(f"{where}.style", "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3, 4, 5}.")
    if style != _LINK and not (isinstance(name, str) and 1 <= len(name) <= _LONGEST_ID):
        raise _wrong(f"{where}.custom_id", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100.")
    return dict(button)


def _wrong(field: str, code: str, message: str) -> errors.ApiError:
    return errors.invalid(field, code, message)
