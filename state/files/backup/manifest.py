"""The first member of a backup: what must be in it, to the byte."""

import json
import os
import re
from dataclasses import asdict, dataclass
from datetime import datetime

from state.codec import Fields, InvalidValue, time_to_json
from state.store import StoreError

FORMAT = 1
KIND = "argent-backup"
MANIFEST = "manifest.json"
MOST = 256 << 20
"""How many bytes a manifest may have: enough for two million files."""

LONGEST = 4096
"""Bytes of a name: PATH_MAX of Linux."""

_SHA256 = re.compile(r"[0-9a-f]{64}")


def is_config(name: str) -> bool:
    """Whether this is the settings' file, or an editor's copy of it: it may hold secrets."""
    return name.startswith("argent.")


class BadBackup(StoreError):
    """Not a whole backup that can be trusted; the message says why. Nothing was written."""


class BadPlace(StoreError):
    """A place that no backup is written to or restored into; the message says why and where to."""


@dataclass(frozen=True, slots=True)
class Record:
    """A file: its path in the state folder with ``/``, its bytes, and their SHA-256 in hex."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was backed up, when, and by which version. `left_out` names what could not be taken:
    links, pipes, sockets."""

    argent: str
    created_at: datetime
    config: bool
    files: tuple[Record, ...]
    left_out: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """The bytes of all files together."""
        return sum(record.size for record in self.files)


def encode(manifest: Manifest) -> bytes:
    """The member's content."""
    value = {
        "kind": KIND,
        "format": FORMAT,
        "argent": manifest.argent,
        "created_at": time_to_json(manifest.created_at),
        "config": manifest.config,
        "left_out": list(manifest.left_out),
        "files": [asdict(record) for record in manifest.files],
    }
    # ASCII: a file's name may hold bytes that are no text, which this keeps (PEP 383).
    return json.dumps(value, indent=0).encode("ascii") + b"\n"


def decode(data: bytes) -> Manifest:
    """Raises `BadBackup`, also for names that could lead out of a folder."""
    try:
        raw = json.loads(data)
        fields = Fields(raw)
        if fields.text("kind") != KIND:
            raise BadBackup("it is not a backup of Argent")
        if (found := fields.count("format")) != FORMAT:
            raise BadBackup(
                f"it has format {found}, and this Argent reads format {FORMAT}: use the Argent "
                f"that made it ({fields.text('argent')}) or a newer one"
            )
        manifest = Manifest(
            argent=fields.text("argent"),
            created_at=fields.time("created_at"),
            config=fields.flag("config"),
            files=tuple(map(_record, fields.children("files"))),
            left_out=fields.texts("left_out"),
        )
        _check_names(manifest)
    except (ValueError, RecursionError) as error:
        raise BadBackup(f"its {MANIFEST} does not read ({error})") from error
    return manifest


def _record(fields: Fields) -> Record:
    sha256 = fields.text("sha256")
    if not _SHA256.fullmatch(sha256):
        raise InvalidValue(f"sha256: {sha256[:80]!r} is no SHA-256")
    return Record(fields.text("name"), fields.count("size"), sha256)


def _check_names(manifest: Manifest) -> None:
    """Raises `BadBackup`, UnicodeEncodeError for what can be no file's name."""
    seen: set[str] = set()
    folders: set[str] = set()
    for name in (record.name for record in manifest.files):
        parts = name.split("/")
        if name in seen or name == MANIFEST:
            raise BadBackup(f"it holds {name!r} twice")
        if "\0" in name or not all(part not in ("", ".", "..") for part in parts):
            raise BadBackup(f"it holds {name!r}, which could lead out of the folder")
        if len(os.fsencode(name)) > LONGEST:
            raise BadBackup(f"it holds a file with a name of more than {LONGEST} bytes")
        if is_config(name) and not manifest.config:
            raise BadBackup(f"it holds {name!r}, and says that it holds no settings")
        seen.add(name)
        folders |= {"/".join(parts[:depth]) for depth in range(1, len(parts))}
    if both := seen & folders:
        raise BadBackup(f"it holds {min(both)!r} both as a file and as a folder")
