"""A Discord account's settings: what is refused, and in which words."""

import pytest
from pydantic import ValidationError

from channels.discord.config import DiscordSettings


def test_owners_are_numbers_because_names_change_hands() -> None:
    settings = DiscordSettings.model_validate({"token": "x", "owners": [101, "102"]})
    assert settings.owners == ("101", "102")
    with pytest.raises(ValidationError, match="names can change hands"):
        DiscordSettings.model_validate({"token": "x", "owners": ["@alice"]})
    with pytest.raises(ValidationError, match="names can change hands"):
        DiscordSettings.model_validate({"token": "x", "chats": {"5": {"users": ["alice"]}}})


def test_the_token_is_not_shown() -> None:
    assert "hidden" not in repr(DiscordSettings.model_validate({"token": "hidden"}))


def test_an_api_root_that_is_no_address_is_refused() -> None:
    with pytest.raises(ValidationError, match="write http"):
        DiscordSettings.model_validate({"token": "x", "api_root": "discord.example"})


@pytest.mark.parametrize("many", [-1, 101])
def test_catching_up_has_the_limits_of_one_page_of_history(many: int) -> None:
    with pytest.raises(ValidationError, match="catch_up"):
        DiscordSettings.model_validate({"token": "x", "catch_up": many})
