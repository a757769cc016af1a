"""A disk that has a write cache: what it has to have kept, and what it may have. No I/O but `of`.

A file's bytes are durable after an fsync(2), fdatasync(2) or syncfs(2); its name is so after an
fsync of its folder. POSIX promises no more, and file systems that do (ext4 makes a new file's name
durable with its bytes) are not relied on.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Union

from tests.faults.power.deed import Deed

Node = Union["File", "Folder"]
_NOT_RECORDED = ("-shm", ".sock")
"""SQLite's index of its log is mapped memory, made anew by whoever comes first."""
_ELSEWHERE = "workspace"
"""What commands in sandboxes write is not the gateway's, and promised to nobody."""


def recorded(path: PurePosixPath) -> bool:
    """Whether a path below a state folder is one that a platter knows."""
    return not path.name.endswith(_NOT_RECORDED) and _ELSEWHERE not in path.parts


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes that were written."""

    at: int
    data: bytes

    def on(self, content: bytearray) -> None:
        content.extend(bytes(max(self.at - len(content), 0)))
        content[self.at : self.at + len(self.data)] = self.data


@dataclass(frozen=True, slots=True)
class Resize:
    """A length that was set."""

    size: int

    def on(self, content: bytearray) -> None:
        del content[self.size :]
        content.extend(bytes(self.size - len(content)))


@dataclass(eq=False)
class File:
    """The bytes that are durable, and what was done to them since, in order."""

    kept: bytes = b""
    owed: list[Write | Resize] = field(default_factory=list)

    def after(self, changes: int) -> bytes:
        """Its bytes after so many of the changes that are owed."""
        content = bytearray(self.kept)
        for change in self.owed[:changes]:
            change.on(content)
        return bytes(content)

    @property
    def live(self) -> bytes:
        """Its bytes as processes see them."""
        return self.after(len(self.owed))

    def do(self, deed: Deed) -> None:
        """Let a call change its bytes; those that change none are nothing."""
        match deed.call:
            case "write":
                self.owed.append(Write(deed.at, deed.data))
            case "resize":
                self.owed.append(Resize(deed.at))
            case "grow" if len(self.live) < deed.at:
                self.owed.append(Resize(deed.at))

    def sync(self) -> None:
        """Everything done to it is durable."""
        self.kept, self.owed = self.live, []


@dataclass(eq=False)
class Folder:
    """The names that are durable, and those that processes see."""

    kept: dict[str, Node] = field(default_factory=dict)
    live: dict[str, Node] = field(default_factory=dict)


_MAKES: Mapping[str, type[File] | type[Folder]] = {"open": File, "mkdir": Folder}


@dataclass(frozen=True, slots=True)
class Naming:
    """Names that change together: one that is given, one that goes, or (a rename) both.

    Durable when `folder`, in which the name is given, was synced.
    """

    folder: Folder
    changes: tuple[tuple[Folder, str, Node | None], ...]


@dataclass
class Platter:
    """The files of a state folder below `root`, from a moment at which all of them were durable."""

    root: PurePosixPath
    top: Folder
    owed: list[Naming] = field(default_factory=list)

    @classmethod
    def of(cls, root: Path) -> "Platter":
        """A folder as it is now. Raises OSError."""
        return cls(PurePosixPath(root), _read(root, PurePosixPath()))

    def do(self, deed: Deed) -> None:
        """Let a call be made. One that cannot succeed changes nothing."""
        if deed.call == "syncfs":
            self._sync_all()
            return
        folder, name = self._place(deed.path)
        if folder is not None:
            self._do(deed, folder, name, folder.live.get(name))
        elif deed.call == "sync" and PurePosixPath(deed.path) == self.root:
            self._sync(self.top)

    def live(self) -> Mapping[PurePosixPath, bytes]:
        """Every file as processes see it, by its path below the root."""
        return {path: node.live for path, node in _files(self.top, PurePosixPath())}

    def _do(self, deed: Deed, folder: Folder, name: str, node: Node | None) -> None:
        if node is None:
            if deed.call in _MAKES:
                self._named(folder, (folder, name, _MAKES[deed.call]()))
        elif deed.call == "remove":
            self._named(folder, (folder, name, None))
        elif deed.call in ("rename", "link"):
            self._renamed(deed, folder, name, node)
        elif deed.call == "sync":
            self._sync(node)
        elif isinstance(node, File):
            node.do(deed)

    def _sync(self, node: Node) -> None:
        if isinstance(node, File):
            node.sync()
        else:
            self._keep([each for each in self.owed if each.folder is node])

    def _renamed(self, deed: Deed, folder: Folder, name: str, node: Node) -> None:
        target, new = self._place(deed.to)
        if target is None or (deed.call == "link" and new in target.live):
            return
        gone = ((folder, name, None),) if deed.call == "rename" else ()
        self._named(target, (target, new, node), *gone)

    def _named(self, folder: Folder, *changes: tuple[Folder, str, Node | None]) -> None:
        for where, name, node in changes:
            _name(where.live, name, node)
        self.owed.append(Naming(folder, changes))

    def _keep(self, namings: list[Naming]) -> None:
        for naming in namings:
            for folder, name, node in naming.changes:
                _name(folder.kept, name, node)
        self.owed = [each for each in self.owed if each not in namings]

    def _sync_all(self) -> None:
        self._keep(list(self.owed))
        for _, node in _files(self.top, PurePosixPath()):
            node.sync()

    def _place(self, path: str) -> tuple[Folder | None, str]:
        """The folder that holds a path, if there is one, and the name in it."""
        there = PurePosixPath(os.path.normpath(path))
        if not there.is_relative_to(self.root) or there == self.root:
            return None, ""
        below = there.relative_to(self.root)
        if not recorded(below):
            return None, ""
        node: Node | None = self.top
        for part in below.parent.parts:
            node = node.live.get(part) if isinstance(node, Folder) else None
        return (node if isinstance(node, Folder) else None), below.name


def _name(names: dict[str, Node], name: str, node: Node | None) -> None:
    if node is None:
        names.pop(name, None)
    else:
        names[name] = node


def _files(folder: Folder, at: PurePosixPath) -> Iterator[tuple[PurePosixPath, File]]:
    for name, node in folder.live.items():
        if isinstance(node, File):
            yield at / name, node
        else:
            yield from _files(node, at / name)


def _read(folder: Path, at: PurePosixPath) -> Folder:
    made = Folder()
    for path in sorted(folder.iterdir()):
        if not recorded(at / path.name) or path.is_symlink():
            continue
        if path.is_dir():
            made.kept[path.name] = _read(path, at / path.name)
        elif path.is_file():
            made.kept[path.name] = File(path.read_bytes())
    made.live = dict(made.kept)
    return made
