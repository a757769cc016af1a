"""What a path means that a model wrote: the names that lead from the workspace to a file. Pure."""

from agents.workspace.errors import FileRefused, OutsideWorkspace, shown

WORKSPACE = "/workspace"
"""What commands see the workspace as, so that a model may write this as well."""

LONGEST = 4096
LONGEST_NAME = 255
"""Bytes (``PATH_MAX`` and ``NAME_MAX`` of Linux)."""

RESERVED = ".argent"
"""A folder in a workspace that no tool touches: what is in it could be taken for the owner's."""


def parse(path: str) -> tuple[str, ...]:
    """The names from the workspace down to what is meant; none for the workspace itself.

    ``..`` is taken back here, not by the kernel: what it then opens has no such name. Raises
    `FileRefused`.
    """
    try:
        size = len(path.encode())
    except UnicodeEncodeError:
        raise FileRefused(f"{shown(path)} is no valid text.") from None
    if "\0" in path or size > LONGEST:
        raise FileRefused(f"{shown(path)} cannot be a path.")
    names: list[str] = []
    for name in _relative(path).split("/"):
        if name in ("", "."):
            continue
        if name == "..":
            if not names:
                raise OutsideWorkspace(path)
            names.pop()
            continue
        if len(name.encode()) > LONGEST_NAME:
            raise FileRefused(f"{shown(path)} has a name that is too long.")
        names.append(name)
    if names and names[0].casefold() == RESERVED:
        raise FileRefused(f"{RESERVED} is not yours: use another folder.")
    return tuple(names)


def _relative(path: str) -> str:
    if not path.startswith("/"):
        return path
    first, _, rest = path.removeprefix(WORKSPACE).partition("/")
    if not path.startswith(WORKSPACE) or first:
        raise OutsideWorkspace(path)
    return rest
