"""What is a command, and what is for the agent."""

import pytest

from channels import markdown
from channels.document import Paragraph, plain
from gateway.commands import CommandName, argument, help_text, parse, stops


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("/help", CommandName.HELP),
        ("/start", CommandName.HELP),
        ("/STATUS", CommandName.STATUS),
        ("/new  holiday ", CommandName.NEW),
        ("/compact keep the names", CommandName.COMPACT),
        ("/dance", None),
        ("/", None),
        ("help", None),
        (" /help", None),
        ("", None),
    ],
)
def test_reads(text: str, meant: CommandName | None) -> None:
    assert parse(text) == meant


def test_what_follows_a_command_is_its_argument() -> None:
    assert argument("/compact  keep the names ") == "keep the names"
    assert argument("/compact") == ""


def test_only_stop_stops() -> None:
    assert stops("/stop")
    assert not stops("/status")
    assert not stops("please /stop")


def test_help_names_every_command() -> None:
    for name in CommandName:
        assert f"/{name}" in help_text()


def test_help_reads_well_where_markdown_is_not_rendered():
    _, listed = markdown.parse(help_text())
    assert isinstance(listed, Paragraph)
    assert plain(listed.spans).count("\n") == len(CommandName) - 1
    assert "\\" not in help_text()
