"""What Tab offers where a name of the owner's stands: from the state and the settings file.

It is asked while somebody types, and so imports no settings, channel or model, and says nothing
when something cannot be read.
"""

import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway import paths
from gateway.cli.invocation import Invocation
from gateway.visible import one_line

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

MOST = 100
NAMES = Path(__file__).with_name("setting_names.txt")
"""Every setting's name, choices and meaning, made by ``python -m
tests.architecture.settings_reference``: the models themselves take a third of a second to load."""

_PLATFORMS = ("telegram", "discord", "slack")
"""What the first account on each is called, also where a variable alone makes it."""

Completions = Callable[[click.Context, click.Parameter, str], "list[CompletionItem]"]


def sessions(context: click.Context, _: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """The keys of sessions, the most lately active first; by their ids, too, once one begins so."""
    from click.shell_completion import CompletionItem

    from state.files import ReadOnlyState

    found: list[CompletionItem] = []
    with suppress(Exception):
        state = ReadOnlyState(_invocation(context).state_dir)
        rows = state.find(incomplete) if incomplete else state.page(limit=MOST).rows
        for row in rows[:MOST]:
            key, title = str(row.key), row.title or f"{row.messages} messages"
            name = key if key.startswith(incomplete) else str(row.id)
            # Shells read an answer line by line, and show it as it is.
            found.append(CompletionItem(name, help=one_line(title)))
    return found


def names_in(section: str) -> Completions:
    """What the owner named in a section of the settings file."""

    def complete(
        context: click.Context, _: click.Parameter, incomplete: str
    ) -> "list[CompletionItem]":
        from click.shell_completion import CompletionItem

        names = _named(_invocation(context)).get(section, ())
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]

    return complete


def setting_names(
    context: click.Context, _: click.Parameter, incomplete: str
) -> "list[CompletionItem]":
    """The names of settings: ``agents.defaults.model``."""
    from click.shell_completion import CompletionItem

    named = _named(_invocation(context))
    return [
        CompletionItem(name, help=meaning)
        for name, _, meaning in _settings(named)
        if name.startswith(incomplete)
    ]


def assignments(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> "list[CompletionItem]":
    """``KEY=VALUE``: the names of settings, and behind the ``=`` what can be chosen."""
    from click.shell_completion import CompletionItem

    key, equals, value = incomplete.partition("=")
    if not equals:
        found = setting_names(context, parameter, incomplete)
        return [CompletionItem(f"{each.value}=", help=each.help) for each in found]
    settings = _settings(_named(_invocation(context)))
    choices = next((choices for name, choices, _ in settings if name == key), ())
    return [CompletionItem(f"{key}={each}") for each in choices if each.startswith(value)]


def _settings(named: Mapping[str, list[str]]) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Every setting under every name that the owner gave: its name, choices and meaning."""
    for written, choices, meaning in _lines():
        section, star, rest = written.partition(".*.")
        for each in named.get(section, ()) if star else ("",):
            yield f"{section}.{each}.{rest}" if star else written, choices, meaning


@cache
def _lines() -> list[tuple[str, tuple[str, ...], str]]:
    found = []
    with suppress(OSError):
        for line in NAMES.read_text(encoding="utf-8").splitlines():
            name, choices, meaning = line.split("\t")
            found.append((name, tuple(choices.split()), meaning))
    return found


def _named(invocation: Invocation) -> Mapping[str, list[str]]:
    """The names below each section of the settings file; platforms are accounts' usual names."""
    named: dict[str, list[str]] = {}
    with suppress(Exception):
        state = invocation.state_dir
        file, _ = paths.config_file(invocation.config_option, os.environ, state)
        data: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8")) if file else {}
        named = {section: list(table) for section, table in data.items() if type(table) is dict}
    usual = [
        each for each in ("telegram", "discord", "slack") if each not in named.get("channels", ())
    ]
    return {**named, "channels": [*named.get("channels", ()), *usual]}


def _invocation(context: click.Context) -> Invocation:
    return context.ensure_object(Invocation)
