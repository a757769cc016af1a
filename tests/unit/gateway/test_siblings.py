"""Which of a person's sessions is meant, and what a new one may be called."""

from datetime import timedelta

import pytest

from gateway.commands import CommandName
from gateway.notices import notice
from gateway.siblings import LONGEST_NAME, Begin, GoTo, Siblings, Stay, called, shown, unfit
from state.keys import SessionId, SessionKey, SessionType, as_slug, side_session_id
from state.lifecycle import Phase
from state.records import SessionRow
from tests.unit.gateway.messages import AT

KEY = SessionKey("telegram", "7", SessionType.DM)
BASE = KEY.session_id


def row(name: str | None = None, *, slug: str = "", ago: int = 0, **facts: object) -> SessionRow:
    """A session that was last active so many minutes ago; the base without a name and a slug."""
    side = as_slug(name or slug)
    told: dict[str, object] = {
        "id": side_session_id(BASE, side) if side else BASE,
        "key": KEY,
        "agent": "main",
        "phase": Phase.ACTIVE,
        "messages": 2,
        "created_at": AT - timedelta(days=1),
        "updated_at": AT - timedelta(minutes=ago),
        "base": BASE if side else None,
        "name": name,
    }
    return SessionRow(**(told | facts))  # type: ignore[arg-type]


def unused(slug: str = "2026-01-30", name: str | None = None) -> SessionRow:
    return row(name, slug=slug, messages=0, created_at=AT, updated_at=AT)


FAMILY = Siblings.of(
    BASE,
    [
        row(ago=5),
        row("Tax 2025", ago=1),
        row("taxi", ago=9, title="Fares to the airport"),
        row(slug="2026-01-29", ago=3, title="Why is the sky blue?"),
    ],
)
TAX, TAXI = side_session_id(BASE, "tax-2025"), side_session_id(BASE, "taxi")
SKY = side_session_id(BASE, "2026-01-29")


def test_they_are_told_the_most_lately_active_first_and_the_base_is_always_among_them() -> None:
    assert [each.called for each in FAMILY.all] == ["Tax 2025", "2026-01-29", "main", "taxi"]
    assert [each.called for each in Siblings.of(BASE, [row("tax")]).all] == ["tax", "main"]


@pytest.mark.parametrize(
    ("wish", "meant"),
    [
        ("Tax 2025", [TAX]),
        ("tax-2025", [TAX]),
        ("TAXI", [TAXI]),
        ("tax", [TAX, TAXI]),
        ("tax 2", [TAX]),
        ("main", [BASE]),
        ("MAIN", [BASE]),
        ("1", [TAX]),
        ("4", [TAXI]),
        ("2026-01-29", [SKY]),
        ("2026", [SKY]),
        ("why is", [SKY]),
        ("fares", [TAXI]),
        ("5", []),
        ("0", []),
        ("nothing like it", []),
        ("👍", []),
    ],
)
def test_a_name_a_number_or_a_beginning_means(wish: str, meant: list[SessionId]) -> None:
    assert [each.id for each in FAMILY.matching(wish)] == meant


def test_going_where_there_is_nothing_says_where_one_can_go() -> None:
    step = FAMILY.step(CommandName.SESSION, "holiday")
    names = "`Tax 2025`, `2026-01-29`, `main`, `taxi`"
    assert step == Stay(notice("no_such_session", called="`holiday`", names=names))
    step = FAMILY.step(CommandName.SESSION, "tax")
    assert step == Stay(notice("several_sessions", names="`Tax 2025`, `taxi`"))
    assert FAMILY.step(CommandName.SESSION, "3") == GoTo(BASE)


def test_a_new_one_takes_a_name_that_is_free() -> None:
    assert FAMILY.step(CommandName.NEW, "  holiday   plans ") == Begin("holiday plans")
    taken = Stay(notice("name_taken", called="`TAX  2025`".replace("  ", " ")))
    assert FAMILY.step(CommandName.NEW, "TAX  2025") == taken


def test_a_new_one_without_a_name_is_one_that_nobody_has_used_yet() -> None:
    assert FAMILY.step(CommandName.NEW, "") == Begin(None)
    waiting = Siblings.of(BASE, [row(), unused()])
    assert waiting.step(CommandName.NEW, "") == GoTo(side_session_id(BASE, "2026-01-30"))
    # What its person named is not anybody's; what the chat began with is no new one.
    named = Siblings.of(BASE, [unused(slug=""), unused("", "tax")])
    assert named.step(CommandName.NEW, "") == Begin(None)
    assert named.step(CommandName.NEW, "Tax") == GoTo(side_session_id(BASE, "tax"))


@pytest.mark.parametrize(
    "name",
    ["42", "٤٢", "2026-01-30", "Main", "👍", "a" * (LONGEST_NAME + 1), "a\u202eb", "-", "\x1b"],
)
def test_a_session_cannot_be_called(name: str) -> None:
    assert unfit(name) is not None
    assert isinstance(FAMILY.step(CommandName.NEW, name), Stay)


@pytest.mark.parametrize(
    "name", ["tax", "Q1 2025", "日本", "mañana", "می‌خواهم", "a" * LONGEST_NAME]
)
def test_a_session_can_be_called(name: str) -> None:
    assert unfit(name) is None


def test_an_id_is_made_of_the_name_and_is_no_other_session_s() -> None:
    assert FAMILY.free_id("Holiday!") == f"{BASE}.holiday"
    renamed = Siblings.of(
        BASE, [row("other", id=SessionId(f"{BASE}.tax")), row("x", id=SessionId(f"{BASE}.tax-2"))]
    )
    assert renamed.free_id("tax") == f"{BASE}.tax-3"
    longest = "日" * LONGEST_NAME
    first = Siblings.of(BASE, []).free_id(longest)
    second = Siblings.of(BASE, [row(longest, id=first)]).free_id(longest)
    assert first != second


def test_a_session_whose_id_was_cut_is_called_by_its_name() -> None:
    name = "\U0001041a" * LONGEST_NAME
    session = Siblings.of(SessionId("x" * 60 + "_dm"), []).free_id(name)
    assert "~" in session
    assert called(row(name, id=session), BASE) == name


def test_what_somebody_else_wrote_is_shown_as_it_is() -> None:
    assert shown("a `b`\n*c*") == "`a 'b' *c*`"
    assert shown("") == "` `"
