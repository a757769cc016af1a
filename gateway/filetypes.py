"""What a file is, recognised by its first bytes: what its sender says of it proves nothing."""

from codecs import getincrementaldecoder
from dataclasses import dataclass

HEAD = 64
"""So many bytes are enough to recognise what is not text."""

TEXT = "text/plain"
PDF = "application/pdf"


@dataclass(frozen=True, slots=True)
class FileType:
    """A kind of file: the extension that our name for it gets, and what it is called."""

    extension: str
    mime: str


UNKNOWN = FileType("bin", "application/octet-stream")
_TEXT = FileType("txt", TEXT)

# (offset, bytes there): https://mimesniff.spec.whatwg.org/#matching-a-mime-type-pattern
_MAGIC: tuple[tuple[int, bytes, FileType], ...] = (
    (0, b"\xff\xd8\xff", FileType("jpg", "image/jpeg")),
    (0, b"\x89PNG\r\n\x1a\n", FileType("png", "image/png")),
    (0, b"GIF87a", FileType("gif", "image/gif")),
    (0, b"GIF89a", FileType("gif", "image/gif")),
    (8, b"WEBP", FileType("webp", "image/webp")),
    (0, b"%PDF-", FileType("pdf", PDF)),
    (0, b"OggS\x00", FileType("ogg", "audio/ogg")),
    (0, b"ID3", FileType("mp3", "audio/mpeg")),
    (0, b"\xff\xfb", FileType("mp3", "audio/mpeg")),
    (8, b"WAVE", FileType("wav", "audio/wav")),
    (4, b"ftypM4A", FileType("m4a", "audio/mp4")),
    (4, b"ftyp", FileType("mp4", "video/mp4")),
    (0, b"\x1aE\xdf\xa3", FileType("webm", "video/webm")),
    (0, b"PK\x03\x04", FileType("zip", "application/zip")),
)
_RIFF = frozenset({"webp", "wav"})
_BY_EXTENSION = {each.extension: each.mime for _, _, each in _MAGIC} | {"txt": TEXT}
_CONTROL = bytes(set(range(32)) - set(b"\t\n\f\r\x1b"))


def recognised(head: bytes) -> FileType:
    """What a file is that begins like this. Text is what is UTF-8 without control characters."""
    for offset, magic, kind in _MAGIC:
        if head[offset : offset + len(magic)] == magic:
            if kind.extension in _RIFF and head[:4] != b"RIFF":
                continue
            return kind
    return _TEXT if head and _is_text(head) else UNKNOWN


def mime_of(name: str) -> str | None:
    """What a file is by the extension that was given to it when it was recognised."""
    return _BY_EXTENSION.get(name.rpartition(".")[2])


def _is_text(head: bytes) -> bool:
    if head.translate(None, _CONTROL) != head:
        return False
    try:
        # Incremental: the head may end in the middle of a character.
        getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True
