"""A real gateway whose files may not grow: the operating system itself refuses."""

import resource
from pathlib import Path

import pytest

from gateway.notices import notice
from tests.acceptance.gateway_process import world

pytestmark = pytest.mark.acceptance

TOLD = [notice("storage_failed"), notice("storage_back")]


def may_write(pid: int, size: int) -> None:
    """No file of the process grows beyond `size` bytes: writing there fails with EFBIG."""
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))


async def test_a_gateway_that_cannot_write_confirms_nothing_and_goes_on_when_it_can(
    tmp_path: Path,
) -> None:
    one_by_one = ["agents.defaults.session.queue=followup"]
    async with world(tmp_path, settings=one_by_one) as there:
        telegram = there.telegram
        owner, alice, bob = (telegram.user(name) for name in ("Owner", "Alice", "Bob"))
        owner.chat()
        there.gateway.settings.append(f"channels.telegram.owners={owner.id}")
        await there.gateway.start()
        await bob.says("before")
        await bob.hears()
        await there.gateway.settled()

        may_write(there.gateway.pid, 0)
        for number in range(3):
            await alice.says(f"alice {number}")
            await bob.says(f"bob {number}")
        await there.gateway.logged("update_not_stored", 2)
        assert len(telegram.bot.updates) == 6, "it confirmed what it could not store"
        assert len(there.model.asked) == 1
        assert not alice.chat().sent

        may_write(there.gateway.pid, resource.RLIM_INFINITY)
        assert [sent.text for sent in await alice.hears(3)] == [f"alice {n}" for n in range(3)]
        assert [sent.text for sent in await bob.hears(3)] == [f"bob {n}" for n in range(3)]
        assert [sent.text for sent in await owner.hears(2)] == TOLD
        await there.gateway.settled()
        assert await there.gateway.terminate() == 0
        assert len(telegram.record) == 1 + 6 + 2
        assert there.gateway.counts().outcomes == {"replied": 7}
