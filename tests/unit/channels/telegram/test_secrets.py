"""The token shows nowhere: not in logs, not in errors, not in the health."""

import logging

import pytest
from structlog.testing import capture_logs

from channels.errors import ChannelError
from state.keys import Address
from tests.emulators.telegram import (
    TelegramEmulator,
    conflict,
    drop_connection,
    garbage,
    refused,
    server_error,
    unauthorized,
)
from tests.unit.channels.telegram.rig import Rig, owed


async def test_the_token_shows_in_no_log_and_no_error(
    tg: TelegramEmulator, rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    alice = tg.user("Alice")
    await alice.says("hi")
    faults = [
        server_error(502, html=True), drop_connection(), garbage(), conflict(),
        refused(400, f"Bad Request: what is /bot{tg.token}/ for"),
        refused(500, f"no route to /bot{tg.token}/x"),
    ]  # fmt: skip
    seen: list[str] = []
    with capture_logs() as logs:
        tg.faults.next("getMe", *faults)
        tg.faults.next("getUpdates", *faults)
        tg.faults.next("sendMessage", *faults, unauthorized())
        async with rig.running() as channel:
            await rig.inbox.has(1)
            seen.append(repr(channel.health()))
            for _ in range(len(faults) + 1):
                with pytest.raises(ChannelError) as caught:
                    await channel.send(owed(Address("telegram", str(alice.id))))
                error: BaseException | None = caught.value
                while error is not None:
                    seen.append(repr(error))
                    error = error.__cause__ or (
                        None if error.__suppress_context__ else error.__context__
                    )
        dead = rig.channel(root="http://127.0.0.1:1")
        with pytest.raises(ChannelError) as caught:
            await dead.send(owed(Address("telegram", "1")))
        seen.append(repr(caught.value))
    assert logs
    everything = "\n".join([*seen, repr(logs), caplog.text])
    assert tg.bot.secret not in everything
