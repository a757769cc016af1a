"""The settings: whether they can be used, and who else may read them."""

from collections.abc import Iterator
from pathlib import Path

from channels.probe import Fault, Finding, Level
from gateway.doctor.case import Case

WRONG = Fault(
    "settings-wrong",
    Level.ERROR,
    "the settings cannot be used: {key} {what}",
    "{where}",
    "{hint}, then: argent config validate",
)
DOUBTFUL = Fault(
    "settings-doubtful",
    Level.WARNING,
    "{what}",
    "it is not what Argent can use, so it does nothing, or not what is meant",
    "correct or remove it, then: argent config validate",
)
SHARED = Fault(
    "settings-shared",
    Level.WARNING,
    "{where} holds a secret and can be read by others",
    "its mode is {mode:o}",
    "argent doctor --fix, or: chmod 600 {where}",
    mends=True,
)
NO_ACCOUNT = Fault(
    "no-account",
    Level.NOTE,
    "no messaging account is in use, so that there is only the terminal to talk in",
    "the settings name none that is enabled",
    "argent setup",
)
FAULTS = (WRONG, DOUBTFUL, SHARED, NO_ACCOUNT)


def examine(case: Case) -> Iterator[Finding]:
    """What is wrong with the settings."""
    for problem in case.problems:
        hint = problem.hint or "correct it (argent.example.toml describes every setting)"
        key = problem.key or "they"
        yield WRONG.at(problem.where, key=key, what=problem.what, hint=hint)
    shared = list(shared_files(case))
    for path, mode in shared:
        yield SHARED.at(str(path), mode=mode)
    for warning in case.warnings:
        if not any(f"chmod 600 {path}" in warning for path, _ in shared):
            yield DOUBTFUL.at("settings", what=warning)
    settings = case.settings
    if settings is not None and not any(a.enabled for a in settings.channels.values()):
        yield NO_ACCOUNT.at("channels")


def shared_files(case: Case) -> Iterator[tuple[Path, int]]:
    """The files with secrets that others can read, with their modes."""
    loaded = case.loaded
    if loaded is None:
        return
    for path in dict.fromkeys((loaded.path, *loaded.secret_files)):
        # Whether a file holds secrets is for the loader to say, and it warns of those.
        if path is not None and any(f"chmod 600 {path}" in told for told in loaded.warnings):
            yield path, path.stat().st_mode & 0o777
