"""Owed parts: what the outbox keeps of one beside its words."""

from state.codec.fields import Fields
from state.codec.speech import stored_file_from_json, stored_file_to_json
from state.codec.text import Json, present
from state.messages import Button, Part, StoredFile


def extras_to_json(part: Part) -> Json:
    """What goes with the words of a part; empty for most of them."""
    return present(
        file=None if part.file is None else stored_file_to_json(part.file),
        buttons=[{"label": b.label, "says": b.says} for b in part.buttons] or None,
    )


def extras_from_json(raw: object) -> tuple[StoredFile | None, tuple[Button, ...]]:
    """The file and the buttons of a part. Raises `InvalidValue`."""
    fields = Fields(raw)
    file = fields.maybe_child("file")
    return (
        None if file is None else stored_file_from_json(file),
        tuple(Button(b.text("label"), b.text("says")) for b in fields.children("buttons")),
    )
