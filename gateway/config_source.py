"""Where the settings of this process come from, to be read again."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gateway import paths
from gateway.config_errors import ConfigError, Problem
from gateway.config_load import Loaded, load

Mark = tuple[int, int, int, int] | None
"""What tells a file from what it was before: its inode, its length, and when it was written and
changed. None where there is none."""


class ConfigSource:
    """The same file, environment and command line as those that `last` was loaded from."""

    def __init__(
        self,
        given: Path | None,
        environ: Mapping[str, str],
        state_dir: Path,
        overrides: Mapping[str, Any],
        *,
        last: Loaded,
    ) -> None:
        self._given = given
        self._environ = environ
        self._state_dir = state_dir
        self._overrides = overrides
        self._last = last
        self._awaited: tuple[Path, ...] = ()
        self.at_start = self.marks()
        """How each of `files` was when `last` was loaded. A start can take long, and what is
        changed meanwhile is a change."""

    def load(self) -> Loaded:
        """Load them again; it reads files. Raises `ConfigError`.

        A file that is gone is an error: most of the settings would be, too, and with them every
        account.
        """
        path, warnings = paths.config_file(self._given, self._environ, self._state_dir)
        if path is None and self._last.path is not None:
            hint = "put it back; to go on without one, stop the gateway and start it again"
            raise ConfigError(Problem(str(self._last.path), None, "is gone", hint))
        try:
            loaded = load(path, self._environ, self._overrides)
        except ConfigError as error:
            self._awaited = error.secret_files
            raise
        self._awaited = ()
        self._last = replace(loaded, warnings=(*warnings, *loaded.warnings))
        return self._last

    @property
    def files(self) -> Collection[Path]:
        """Every file that the settings come from, and those that they may come from."""
        if self._last.path is not None:
            return (self._last.path, *self._last.secret_files, *self._awaited)
        return tuple(self._state_dir / name for name in paths.CONFIG_NAMES)

    def marks(self) -> Mapping[Path, Mark]:
        """How each of these files is now; it asks the file system."""
        return {path: _mark(path) for path in self.files}


def _mark(path: Path) -> Mark:
    try:
        # Behind a link as well: a folder of mounted settings is changed by turning a link over.
        found = path.stat()
    except (OSError, ValueError):  # a name that no file can have
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
