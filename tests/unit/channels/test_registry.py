"""Which channels exist, and that none is imported before it is needed."""

import subprocess
import sys
from datetime import UTC, datetime

import aiohttp
import pytest
from pydantic import SecretStr

from channels.config import AccountSettings
from channels.registry import UnknownKind, build
from channels.telegram.config import TelegramSettings


class _Cursors:
    async def get(self, name: str) -> str | None:
        return None

    async def set(self, name: str, value: str) -> None:
        return None


async def test_an_account_becomes_a_channel_of_its_kind_under_its_name() -> None:
    settings = TelegramSettings(token=SecretStr("1:x"))
    async with aiohttp.ClientSession() as http:
        channel = build(
            "work", settings, http=http, cursors=_Cursors(), now=lambda: datetime.now(UTC)
        )
        assert (channel.name, channel.kind) == ("work", "telegram")
        assert channel.capabilities.text_limit == 4096
        assert not channel.capabilities.idempotent


async def test_settings_of_no_known_kind_are_refused() -> None:
    async with aiohttp.ClientSession() as http:
        with pytest.raises(UnknownKind, match="there are telegram"):
            build(
                "x", AccountSettings(), http=http, cursors=_Cursors(), now=lambda: datetime.now(UTC)
            )


def test_a_platforms_library_is_imported_only_with_its_first_account() -> None:
    code = "import sys, channels.registry; sys.exit('telegram' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
