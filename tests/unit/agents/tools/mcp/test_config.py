"""A server is a command or an address, and nothing is passed on to it that was not named."""

import pytest
from pydantic import ValidationError

from agents.tools.mcp.config import McpSettings, check_names
from state.keys import SessionType


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "either `command` or `url`"),
        ({"command": ["x"], "url": "https://a/mcp"}, "either `command` or `url`"),
        ({"command": []}, "names no program"),
        ({"command": [" "]}, "names no program"),
        ({"command": ["a\0b"]}, "zero character"),
        ({"url": "files"}, "is no address"),
        ({"url": "https://jo:secret@a/mcp"}, "put it under `headers`"),
        ({"url": "https://a/mcp", "env": {"A": "b"}}, "are for a `command`"),
        ({"command": ["x"], "headers": {"A": "b"}}, "are for a `url`"),
    ],
)
def test_what_cannot_be_is_refused_with_the_remedy(given: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says) as refused:
        McpSettings.model_validate(given)
    assert "input_value='secret" not in str(refused.value)


def test_nobody_but_the_owner_is_offered_a_server_unless_it_is_said() -> None:
    assert McpSettings(command=("x",)).types == (SessionType.MAIN,)


def test_what_is_secret_is_not_shown() -> None:
    settings = McpSettings.model_validate({"command": ["x"], "env": {"TOKEN": "sesame"}})
    assert "sesame" not in f"{settings!r} {settings.model_dump_json()}"


@pytest.mark.parametrize("name", ["files", "a", "my-files-2", "a" * 32])
def test_a_name_that_can_begin_a_tools_name_is_taken(name: str) -> None:
    check_names([name])


@pytest.mark.parametrize("name", ["", "a_b", "a__b", "Files", "-a", "ä", "a" * 33, "a b"])
def test_any_other_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be a server's name"):
        check_names([name])
