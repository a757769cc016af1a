"""What an operator sets for sessions, with a gateway running and without one."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agents.skill_folders import Found
from agents.skills import Skill
from gateway.admin import Admin
from gateway.admin_errors import AdminError
from gateway.api.operations import carry_out
from gateway.clock import Clock
from gateway.life import Life
from gateway.open_sessions import OpenSessions
from state.choices import NO_CHOICES, Choices
from state.files.receipts import Receipts
from state.keys import SessionKey, side_session_id
from state.lifecycle import Phase
from state.memory import MemoryLedger, MemorySessions
from state.session import Session
from tests.unit.gateway.messages import AT

KEY = SessionKey.parse("telegram:1:main")


class Office:
    """A state folder that no gateway has, with a session and two side sessions of it."""

    def __init__(self) -> None:
        self.sessions, self.ledger = MemorySessions(), MemoryLedger()
        life = Life(self.sessions, self.ledger, OpenSessions(self.sessions), Clock())
        self.admin = Admin(
            sessions=self.sessions,
            ledger=self.ledger,
            life=life,
            clock=Clock(),
            receipts=Receipts(Path("nowhere")),
            skills=self.skills,
        )

    def skills(self, agent: str) -> Sequence[Found]:
        folder = Path("skills")
        return (
            Found("letters", folder, own=False, skill=Skill("letters", agent, "")),
            Found("odd", folder, own=False, problem="SKILL.md, line 1: nothing"),
        )

    async def open(self) -> "Office":
        base = Session.begin(KEY, agent="main", at=AT)
        await self._keep(base)
        for name in ("rome", "oslo"):
            side = side_session_id(base.id, name)
            await self._keep(replace(base, id=side, base=base.id, name=name))
        return self

    async def _keep(self, session: Session) -> None:
        await self.sessions.create(session)
        await self.ledger.index(session)

    async def do(self, operation: str, **given: object) -> Any:
        return await carry_out(self.admin, operation, given)

    async def refused(self, operation: str, **given: object) -> AdminError:
        with pytest.raises(AdminError) as caught:
            await self.do(operation, **given)
        return caught.value

    async def facts(self, name: str = str(KEY)) -> Session:
        (row,) = await self.ledger.find(name)
        loaded = await self.sessions.load(row.id)
        assert loaded is not None
        return loaded.session


@pytest.fixture
async def office() -> Office:
    return await Office().open()


async def test_several_settings_are_set_at_once(office: Office):
    texts = ["model=openai:x", "skill=letters", "options.seed=7", "title=Trip", "tools=none"]
    told = await office.do("sessions.set", session=str(KEY), assignments=texts)
    assert told["chosen"] == {
        "model": "openai:x", "skill": "letters", "options": {"seed": 7}, "title": "Trip",
        "tools": [],
    }  # fmt: skip
    session = await office.facts()
    assert session.choices == Choices("openai:x", {"seed": 7}, "letters", ())
    assert session.title == "Trip"
    (row,) = await office.ledger.find(str(KEY))
    assert row.title == "Trip"


async def test_a_choice_is_taken_back(office: Office):
    texts = ["model=openai:x", "skill=off"]
    await office.do("sessions.set", session=str(KEY), assignments=texts)
    told = await office.do("sessions.set", session=str(KEY), assignments=["model=", "skill="])
    assert told["chosen"] == {"model": None, "skill": None}
    assert (await office.facts()).choices == NO_CHOICES


@pytest.mark.parametrize(
    ("wrong", "code", "said"),
    [
        ("modle=x", "usage", "did you mean model?"),
        ("model=gpt-5", "usage", "did you mean openai:gpt-5?"),
        ("skill=lettres", "not_found", "Did you mean letters?"),
        ("skill=odd", "not_found", "can't be used: SKILL.md, line 1: nothing"),
        ("persistence=so", "usage", "'so' is not one of"),
    ],
)
async def test_of_several_settings_one_of_which_is_wrong_none_is_set(
    office: Office, wrong: str, code: str, said: str
):
    texts = ["title=Trip", wrong, "tools=all"]
    error = await office.refused("sessions.set", session=str(KEY), assignments=texts)
    assert error.code == code
    assert said in error.message
    assert "nothing was changed" in (error.hint or "")
    session = await office.facts()
    assert (session.choices, session.title) == (NO_CHOICES, None)


async def test_an_archived_session_stays_archived_when_it_is_set(office: Office):
    await office.do("sessions.archive", names=[str(KEY)])
    await office.do("sessions.set", session=str(KEY), assignments=["model=offline"])
    session = await office.facts()
    assert (session.phase, session.choices.model) == (Phase.ARCHIVED, "offline")


async def test_a_session_is_renamed_by_its_title_and_a_side_session_by_its_name(office: Office):
    told = await office.do("sessions.rename", session=str(KEY), name=" My  trip ")
    assert (told["title"], told["name"]) == ("My trip", None)
    side = str(side_session_id(KEY.session_id, "rome"))
    told = await office.do("sessions.rename", session=side, name="Roma")
    assert (told["title"], told["name"]) == (None, "Roma")
    assert (await office.facts(side)).name == "Roma"
    assert (await office.ledger.find(side))[0].name == "Roma"


@pytest.mark.parametrize(
    ("name", "code"), [("oslo", "exists"), ("", "usage"), ("main", "usage"), ("7", "usage")]
)
async def test_a_side_session_is_not_given_a_name_that_leads_elsewhere(
    office: Office, name: str, code: str
):
    side = str(side_session_id(KEY.session_id, "rome"))
    assert (await office.refused("sessions.rename", session=side, name=name)).code == code
    assert (await office.facts(side)).name == "rome"


async def test_a_title_needs_a_word(office: Office):
    assert (await office.refused("sessions.rename", session=str(KEY), name=" ")).code == "usage"
