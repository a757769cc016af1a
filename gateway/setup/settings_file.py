"""The settings file that is being set up: what it and the environment hold, and its next text."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from gateway.config import Settings
from gateway.config_errors import ConfigError, Problem
from gateway.config_load import load, read_layers
from gateway.config_reference import find
from gateway.config_schema import Path as KeyPath
from gateway.setup import filing
from gateway.setup.document import completed
from gateway.setup.draft import Draft
from gateway.setup.questions import missing

SCHEMA = "argent.schema.json"
"""The schema's name beside the file."""

_STAND_IN = "not-asked-yet"


class SettingsFile:
    """One file, as it is and as it will be; it is written once or not at all.

    `warnings` are what the loader says of the file and the environment as they are.
    """

    def __init__(self, path: Path, environ: Mapping[str, str]) -> None:
        """Raises `filing.NotWritten` and `ConfigError` for what can be no settings file."""
        self.path = path
        self._environ = environ
        self._found = filing.find(path)
        try:
            self._old = self._found.text
        except UnicodeDecodeError:
            raise ConfigError(Problem(str(path), None, "is not UTF-8")) from None
        layers, self.warnings = read_layers(self._readable, environ)
        self.draft = Draft(layers)

    @property
    def _readable(self) -> Path | None:
        return None if self._found.content is None else self.path

    def settings(self, draft: Draft) -> Settings:
        """What would be in effect; what is still to be asked has something in its place.

        Raises `ConfigError`.
        """
        changes = dict(draft.changes)
        for each in missing(draft):
            if each.secret:
                changes[each.setting] = f"{_STAND_IN}-{'.'.join(each.setting)}"
        given = {".".join(path): value for path, value in changes.items()}
        return load(self._readable, self._environ, given).settings

    def text(self, draft: Draft) -> str:
        """What it would hold. Raises `CannotComplete`."""
        if not draft.changes:
            return self._old
        return completed(self._old, draft.changes, _meaning, schema=SCHEMA)

    def write(self, draft: Draft, schema: str) -> Path | None:
        """Put it in place, and the schema beside it; where a copy of the old one is kept.

        Raises `filing.NotWritten`, `CannotComplete`, and `ConfigError` when the loader does not
        take it; then nothing was changed.
        """
        kept = filing.write(self._found, self.text(draft), self._check)
        filing.write_beside(self._found.path.with_name(SCHEMA), schema)
        return kept

    def _check(self, new: Path) -> None:
        """What the gateway would say of the new file, which has another name until it is there."""
        try:
            load(new, self._environ)
        except ConfigError as error:
            here = str(self.path)
            problems = [replace(p, where=p.where.replace(str(new), here)) for p in error.problems]
            raise ConfigError(*problems) from error


def _meaning(setting: KeyPath) -> str | None:
    found = find(setting)
    return found.meaning if found is not None else None
