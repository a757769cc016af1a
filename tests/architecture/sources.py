"""The project's own files, as the tests of its shape see them."""

import ast
import functools
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("state", "channels", "agents", "gateway")


@dataclass(frozen=True)
class Source:
    """A Python file: its path from the root, its text, and what it parses to."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def module(self) -> str:
        """The dotted name that it is imported by."""
        return ".".join(self.path.with_suffix("").parts).removesuffix(".__init__")

    def __str__(self) -> str:
        return str(self.path)


@functools.cache
def sources(*folders: str) -> tuple[Source, ...]:
    """The Python files below `folders`."""
    found = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return tuple(_read(path) for path in found)


def _read(path: Path) -> Source:
    text = path.read_text(encoding="utf-8")
    return Source(path.relative_to(ROOT), text, ast.parse(text))


@functools.cache
def tracked() -> tuple[Path, ...]:
    """The files under version control that exist, from the root."""
    names = git("ls-files", "-z").split("\0")
    return tuple(Path(name) for name in names if name and (ROOT / name).is_file())


def git(*arguments: str) -> str:
    """What git prints, also where the folder belongs to another user (as in many CI runners)."""
    command = ["git", "-c", "safe.directory=*", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def called(call: ast.Call) -> str:
    """The dotted name that a call is made by: ``asyncio.sleep``, ``open``."""
    return dotted(call.func)


def dotted(node: ast.expr) -> str:
    """``a.b.c`` of a name or an attribute; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else node.attr
    return ""
