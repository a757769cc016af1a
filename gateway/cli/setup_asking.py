"""What ``argent setup`` asks at a terminal. Questions go to standard error, answers stay there."""

from collections.abc import Callable
from typing import Any

import click

from channels.registry import KINDS
from gateway.cli.output import DIM, note
from gateway.config_env import ids
from gateway.config_errors import did_you_mean
from gateway.setup.draft import platform_of
from gateway.setup.questions import CHANNELS, Question
from gateway.visible import visible

_NONE = "none"


def ask(question: Question) -> Any:
    """The answer as the setting takes it; nothing where it was left open."""
    note()
    if question.where:
        note(question.where, style=DIM)
    if question.setting[-1:] == ("token",) and "slack.com" in question.where:
        _offer_manifest()
    takes: Callable[[str], Any] = str.strip
    if question.setting == CHANNELS:
        takes = _accounts
    elif question.setting[-1] == "owners":
        takes = ids
    return click.prompt(
        visible(question.asks),
        default=None if question.needed else "",
        show_default=False,
        hide_input=question.secret,
        value_proc=takes,
        err=True,
    )


def goes_on() -> bool:
    """Whether the settings shall be written although they could not be checked."""
    return click.confirm("Go on without having checked it?", default=False, err=True)


def _offer_manifest() -> None:
    if not click.confirm("Print the manifest to paste there?", default=True, err=True):
        return
    import json

    from gateway.cli.channels import slack_manifest

    note(json.dumps(slack_manifest(), indent=2))


def _accounts(text: str) -> list[str]:
    names = ids(text.lower())
    if names == [_NONE]:
        return []
    for name in names:
        if platform_of(name) is None:
            hint = did_you_mean(name, KINDS) or f"write {', '.join(KINDS)} or {_NONE}"
            raise click.UsageError(f"{visible(name)} is none of them; {hint}")
    return names
