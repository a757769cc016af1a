"""What flows share."""

import pytest


@pytest.fixture
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A poll of Telegram that is not answered in time is given up soon after."""
    for module in ("channel", "client"):
        monkeypatch.setattr(f"channels.telegram.{module}.POLL_GRACE_SECONDS", 0.7)


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers are shown from their first words on."""
    monkeypatch.setattr("gateway.live.FIRST_AFTER", 0.0)
