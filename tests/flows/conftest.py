"""What flows share."""

import pytest


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers are shown from their first words on."""
    monkeypatch.setattr("gateway.live.FIRST_AFTER", 0.0)
