"""Why a file was not read or written, for whoever asked. A path is named as it was given; pure."""


class FileRefused(Exception):
    """What was asked for cannot be had; the message says why, and never where a workspace is."""


class OutsideWorkspace(FileRefused):
    """A path that leads out of the workspace, by itself or by a link."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{shown(path)} is outside your workspace: use a path below it.")


class TooLarge(FileRefused):
    """More than may be read or written at once."""


def shown(path: str) -> str:
    """A path as a message shows it."""
    return repr(path if len(path) <= 100 else f"{path[:100]}…")
