"""The secrets that were planted, and where to look for them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.redaction import forms

_PIECE = 14
"""Characters of a secret that are found as well: what was cut off says as much."""


@dataclass(frozen=True)
class Found:
    """A secret that was found, and where."""

    secret: str
    where: str
    around: str


class Planted:
    """Secrets by their names. Each is found whole, in every form, and by either end of it."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._needles = {
            needle.encode(): name
            for name, secret in secrets.items()
            for needle in {*forms(secret), secret[:_PIECE], secret[-_PIECE:], secret[::-1]}
        }
        assert all(len(needle) >= 10 for needle in self._needles), "they would be found anywhere"

    def within(self, where: str, data: bytes, *, but: Iterable[str] = ()) -> Iterator[Found]:
        """What is found in some bytes; `but` are secrets that may be there."""
        allowed = frozenset(but)
        for needle, name in self._needles.items():
            if name not in allowed and (at := data.find(needle)) >= 0:
                around = data[max(0, at - 120) : at + 160]
                yield Found(name, where, around.decode("utf-8", "replace"))

    def in_files(self, folder: Path, *, but: Iterable[str] = ()) -> Iterator[Found]:
        """What is found in the files below, and in their names; `but` are names of files."""
        for path in folder.rglob("*"):
            name = str(path.relative_to(folder))
            yield from self.within(f"the name {name}", name.encode())
            if path.is_file() and path.name not in but:
                yield from self.within(name, path.read_bytes())

    def in_processes(self, root: int) -> Iterator[Found]:
        """What any process shows in its command line, and children of `root` in their
        environment."""
        for pid in _processes():
            yield from self._in_process(pid, "cmdline")
        for pid in _descendants(root):
            yield from self._in_process(pid, "environ")

    def _in_process(self, pid: int, what: str) -> Iterator[Found]:
        try:
            data = Path(f"/proc/{pid}/{what}").read_bytes()
        except OSError:
            return
        but = ("mcp env",) if what == "environ" else ()
        yield from self.within(f"/proc/{pid}/{what}", data, but=but)


def _processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _descendants(root: int) -> list[int]:
    parents: dict[int, int] = {}
    for pid in _processes():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        parents[pid] = int(fields[1])
    found, more = [], [root]
    while more:
        parent = more.pop()
        children = [pid for pid, its in parents.items() if its == parent]
        found += children
        more += children
    return found
