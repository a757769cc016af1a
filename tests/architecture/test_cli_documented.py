"""docs/cli.md tells of every command, option and exit code; help texts agree with each other."""

import re

import click

from gateway.admin_errors import CODES
from gateway.cli.base import LazyGroup
from gateway.cli.main import cli
from tests.architecture.cli_reference import MEANINGS, PAGE, commands, reference, written
from tests.architecture.sources import sources

PRINTED = re.compile(r'(?:invocation\.show|out_json)\(\s*"([a-z]+)"')


def test_the_reference_is_what_the_commands_say():
    assert written() == reference(), "run python -m tests.architecture.cli_reference"


def test_every_exit_code_has_a_meaning():
    assert set(CODES.values()) <= set(MEANINGS)


def test_every_option_is_explained():
    for name, command in commands(cli, "argent"):
        assert command.help, name
        for option in command.params:
            if isinstance(option, click.Option):
                assert option.help, f"{name} {option.opts[0]}"


def test_every_kind_of_answer_is_described():
    page = PAGE.read_text(encoding="utf-8")
    printed = {kind for source in sources("gateway/cli") for kind in PRINTED.findall(source.text)}
    described = set(re.findall(r"^\| `([a-z]+)` \| [^|]+ \| ", page, re.MULTILINE))
    assert "sessions" in printed
    assert described == printed


def test_the_short_help_of_a_lazy_command_fits_the_command():
    assert isinstance(cli, LazyGroup)
    for name in cli.lazy:
        assert cli.get_command(click.Context(cli), name) is not None
