"""What is a command, and what is for the agent."""

import pytest

from channels import markdown
from channels.document import Paragraph, plain
from gateway.commands import CommandName, Invocation, help_text, parse, stops


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("/help", Invocation(CommandName.HELP)),
        ("/start", Invocation(CommandName.HELP)),
        ("/STATUS", Invocation(CommandName.STATUS)),
        ("/new  holiday ", Invocation(CommandName.NEW, "holiday")),
        ("/dance", None),
        ("/", None),
        ("help", None),
        (" /help", None),
        ("", None),
    ],
)
def test_reads(text: str, meant: Invocation | None) -> None:
    assert parse(text) == meant


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
