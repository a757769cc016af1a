"""A Telegram account's settings: what is refused, and in which words."""

import pytest
from pydantic import ValidationError

from channels.telegram.config import TelegramSettings, WebhookSettings


@pytest.mark.parametrize("secret", ["short", "has spaces in it, and more", "ü" * 20, "x" * 257])
def test_a_webhooks_secret_is_long_and_of_telegrams_characters(secret: str) -> None:
    with pytest.raises(ValidationError, match="secret"):
        WebhookSettings.model_validate({"url": "https://example.org/hook", "secret": secret})


def test_a_good_secret_is_taken_and_not_shown() -> None:
    settings = WebhookSettings.model_validate(
        {"url": "https://example.org/hook", "secret": "A-good_secret-123"}
    )
    assert settings.secret.get_secret_value() == "A-good_secret-123"
    assert "A-good" not in repr(settings)


def test_owners_are_numbers_because_names_change_hands() -> None:
    settings = TelegramSettings.model_validate({"token": "1:x", "owners": [101, "102"]})
    assert settings.owners == ("101", "102")
    with pytest.raises(ValidationError, match="names can change hands"):
        TelegramSettings.model_validate({"token": "1:x", "owners": ["@alice"]})


def test_the_users_of_a_group_are_numbers_too_and_the_group_itself_can_be_one() -> None:
    there = {"token": "1:x", "chats": {"-100": {"users": [101, -100]}}}
    settings = TelegramSettings.model_validate(there)
    assert settings.chats["-100"].users == ("101", "-100")
    with pytest.raises(ValidationError, match="names can change hands"):
        TelegramSettings.model_validate({"token": "1:x", "chats": {"-100": {"users": ["@al"]}}})
