"""What came with a message, described.

https://docs.slack.dev/reference/objects/file-object/
"""

import re
from collections.abc import Mapping

from channels.errors import Rejected
from channels.slack.identity import Identity
from channels.slack.words import plain
from state.messages import Attachment, AttachmentKind, Quote

Json = dict[str, object]
_FAMILIES = {
    "image": AttachmentKind.IMAGE,
    "audio": AttachmentKind.AUDIO,
    "video": AttachmentKind.VIDEO,
}
_CLIPS = {"slack_audio": AttachmentKind.VOICE, "slack_video": AttachmentKind.VIDEO}
"""What people record in Slack itself, whatever the file's type says."""


_FILE = re.compile(r"F[A-Z0-9]{2,}")
_GONE = frozenset(("tombstone", "hidden_by_limit"))
_NOT_THERE = _GONE | {"external"}


def attachments(message: Json, files: Mapping[str, Json]) -> tuple[Attachment, ...]:
    """The message's files, in order; `files` are descriptions that it does not give itself."""
    return tuple(
        _file(files.get(_text(file, "id"), file)) for file in _objects(message.get("files"))
    )


def undescribed(message: Json) -> frozenset[str]:
    """The ids of files that a message does not describe: those of a Slack Connect channel.

    https://docs.slack.dev/apis/slack-connect/using-slack-connect-methods#files
    """
    return frozenset(
        name
        for file in _objects(message.get("files"))
        if file.get("file_access") == "check_file_info"
        and _FILE.fullmatch(name := _text(file, "id"))
    )


def quotes(message: Json, me: Identity) -> tuple[Quote, ...]:
    """The messages that were shared in this one: Slack shows them below it."""
    return tuple(
        Quote(
            plain(_text(shared, "text"), me, {}),
            _text(shared, "author_name") or _text(shared, "author_id") or "unknown",
            from_bot=shared.get("author_id") == me.user,
            forwarded=True,
        )
        for shared in _objects(message.get("attachments"))
        if (shared.get("is_share") or shared.get("is_msg_unfurl")) and _text(shared, "text")
    )


def handle(reference: str | None) -> tuple[str, str | None]:
    """The id of the file that a reference means, and its address where Slack has told it.

    Raises `Rejected` for what is no reference of ours.
    """
    file, _, url = (reference or "").partition(" ")
    if not _FILE.fullmatch(file):
        raise Rejected("this is no file of Slack's")
    return file, url or None


def _reference(file: Json) -> str | None:
    """None for what Slack does not have (any more): a file elsewhere, or one that was deleted."""
    name = _text(file, "id")
    if not _FILE.fullmatch(name) or file.get("is_external") or _text(file, "mode") in _NOT_THERE:
        return None
    url = _text(file, "url_private_download") or _text(file, "url_private")
    # In a Slack Connect channel only `files.info` tells it.
    return f"{name} {url}" if url else name


def _file(file: Json) -> Attachment:
    mime = _text(file, "mimetype")
    kind = _CLIPS.get(_text(file, "subtype")) or _FAMILIES.get(mime.partition("/")[0])
    size = file.get("size")
    return Attachment(
        kind or AttachmentKind.DOCUMENT,
        name=_text(file, "name") or _text(file, "title") or None,
        mime=mime or None,
        size=size if isinstance(size, int) and not isinstance(size, bool) else None,
        reference=_reference(file),
        problem="gone" if _text(file, "mode") in _GONE else None,
    )


def _objects(value: object) -> list[Json]:
    items = value if isinstance(value, list) else []
    return [item for item in items if isinstance(item, dict)]


def _text(json: Json, name: str) -> str:
    value = json.get(name)
    return value if isinstance(value, str) else ""
