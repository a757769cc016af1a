"""What codes are not good for, whoever tries."""

from datetime import timedelta

import pytest

from gateway import pairing
from gateway.notices import notice
from state.persons import Identity
from state.records import Role
from tests.flows.apps import Apps, apps, owned
from tests.flows.house import Wrist

UNKNOWN = notice("pair_unknown")
WRONG = "/pair 22222222"


def waits(minutes: int) -> str:
    return notice("pair_wait", minutes=minutes)


async def tries(world: Apps, app: str, count: int, user: str = "1") -> list[str]:
    return [await world.talks(app, WRONG, user) for _ in range(count)]


async def test_whoever_guesses_waits_longer_each_time_also_over_a_restart() -> None:
    clock = Wrist()
    async with apps(owned("telegram", "discord"), clock=clock) as world:
        assert await tries(world, "discord", 6) == [UNKNOWN] * 5 + [waits(1)]
        await world.stage.restart()
        assert await tries(world, "discord", 1) == [waits(1)]
        clock.passes(timedelta(minutes=1))
        assert await tries(world, "discord", 2) == [UNKNOWN, waits(2)]
        clock.passes(timedelta(minutes=2))
        assert await tries(world, "discord", 2) == [UNKNOWN, waits(4)]
        code = await world.code("telegram")
        assert await world.talks("discord", f"/pair {code}") == waits(4)
        clock.passes(timedelta(minutes=4))
        assert "links you with" in await world.talks("discord", f"/pair {code}")
        # Whoever knew one begins anew.
        assert await tries(world, "discord", 6) == [UNKNOWN] * 5 + [waits(1)]


async def test_a_flood_of_strangers_keeps_nobody_out_whom_i_know_and_fills_nothing() -> None:
    async with apps(owned("telegram", "discord")) as world:
        code = await world.code("telegram")
        for stranger in range(2, 60):
            await world.says("discord", WRONG, str(stranger))
        await world.stage.settled()
        links = world.stage.ledger.links
        asked = [await links.tries("discord", str(user)) for user in range(2, 60)]
        assert len([each for each in asked if each]) == pairing.STRANGERS_FREE_TRIES
        assert await tries(world, "discord", 1) == [UNKNOWN]
        done = await world.talks("discord", f"/pair {code} yes")
        assert done == notice("pair_done", called="jason")


async def test_a_stranger_hears_nothing_of_codes_while_they_wait() -> None:
    async with apps(owned("telegram")) as world:
        assert await tries(world, "discord", 5) == [UNKNOWN] * 5
        assert "I don't know you yet" in (await tries(world, "discord", 1))[0]
        await world.says("discord", WRONG)
        assert await world.silence("discord")


async def test_a_code_is_no_good_after_ten_minutes() -> None:
    clock = Wrist()
    async with apps(owned("telegram"), clock=clock) as world:
        code = await world.code("telegram")
        clock.passes(timedelta(minutes=10))
        assert await world.talks("discord", f"/pair {code} yes") == UNKNOWN


async def test_a_new_code_voids_the_old_one() -> None:
    async with apps(owned("telegram")) as world:
        old, new = await world.code("telegram"), await world.code("telegram")
        assert await world.talks("discord", f"/pair {old}") == UNKNOWN
        assert "links you with" in await world.talks("discord", f"/pair {new}")


async def test_a_revoked_persons_code_and_addresses_are_worth_nothing() -> None:
    settings = owned("discord")
    settings["channels"]["telegram"]["dm_policy"] = "pairing"
    async with apps(settings) as world:
        ledger = world.stage.ledger
        await world.talks("telegram", "let me in")
        (request,) = await ledger.pairings(world.stage.gateway.clock.now())
        await ledger.approve(request.code, role=Role.GUEST, at=world.stage.gateway.clock.now())
        await world.stage.gateway.admissions_changed()
        await world.link("telegram", "slack")
        code = await world.code("telegram")
        await ledger.revoke("telegram", "1")
        await world.stage.gateway.admissions_changed()
        assert await world.talks("discord", f"/pair {code} yes", "7") == UNKNOWN
        assert "I don't know you yet" in await world.talks("slack", "hello")
        whois = world.stage.gateway.people.whois
        assert Identity("slack", "1") not in whois.roles


async def test_no_code_is_stored_or_logged(capsys: pytest.CaptureFixture[str]) -> None:
    async with apps(owned("telegram")) as world:
        code = await world.code("telegram")
        (kept,) = await world.stage.ledger.links.codes(world.stage.gateway.clock.now())
        assert code not in repr(kept)
        await world.talks("discord", f"/pair {code} yes")
        assert code not in capsys.readouterr().out


async def test_the_first_owners_code_works_once_and_by_itself() -> None:
    async with apps(owned()) as world:
        people = world.stage.gateway.people
        assert people.lacks_owner()
        async with people.alone:
            code = await world.stage.gateway.linking.new_code(None)
        assert await world.talks("slack", code.lower()) == notice("pair_owner_now")
        assert not people.lacks_owner()
        assert await world.talks("slack", "hello") == "echo: hello"
        assert [str(row.key) for row in await world.stage.ledger.listing()] == ["slack:1:main"]
        assert "I don't know you yet" in await world.talks("discord", code)


async def test_words_of_eight_letters_are_no_pairing() -> None:
    async with apps(owned("telegram")) as world:
        assert "I don't know you yet" in await world.talks("discord", "teachers")
        assert await world.talks("telegram", "teachers") == "echo: teachers"


async def test_an_edit_links_nobody() -> None:
    async with apps(owned("telegram", "discord")) as world:
        code = await world.code("telegram")
        assert await world.talks("discord", f"/pair {code} maybe") == UNKNOWN
        assert await world.stage.ledger.links.links() == ()
