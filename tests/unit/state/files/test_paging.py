"""The listing in pages: from the index, and from the folders where there is none."""

from datetime import timedelta
from pathlib import Path

import pytest

from state.files import ReadOnlyState, open_state
from state.lifecycle import Event, Phase
from state.store import SessionRow
from tests.contracts.examples import NOON, session


@pytest.fixture(params=["from the index", "from the folders"])
async def reader(request: pytest.FixtureRequest, tmp_path: Path) -> ReadOnlyState:
    """Nine sessions, of which the second, fourth … are active; two at a time were used."""
    state = await open_state(tmp_path)
    for number in range(9):
        made = session(str(number), at=NOON + timedelta(seconds=number // 2))
        if number % 2:
            made = made.after(Event.MESSAGE, made.updated_at)
        await state.sessions.create(made)
        await state.ledger.index(made)
    await state.close()
    if request.param == "from the folders":
        for left in tmp_path.glob("gateway.db*"):
            left.unlink()
    return ReadOnlyState(tmp_path)


def chats(rows: tuple[SessionRow, ...]) -> str:
    return "".join(row.key.chat for row in rows)


def test_all_of_it_is_one_page(reader: ReadOnlyState) -> None:
    page = reader.page()
    assert (chats(page.rows), page.left) == ("867452301", 0)


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 8, 9, 10])
def test_a_page_goes_on_where_the_one_before_it_ended(reader: ReadOnlyState, limit: int) -> None:
    pages, page = [], reader.page(limit=limit)
    while page.rows and len(pages) < 20:
        pages.append(page)
        page = reader.page(limit=limit, after=page.rows[-1])
    assert "".join(chats(page.rows) for page in pages) == "867452301"
    assert [page.left for page in pages] == [
        max(9 - limit * n, 0) for n in range(1, len(pages) + 1)
    ]


def test_pages_of_one_state_have_no_other(reader: ReadOnlyState) -> None:
    first = reader.page(phase=Phase.ACTIVE, limit=3)
    assert (chats(first.rows), first.left) == ("753", 1)
    second = reader.page(phase=Phase.ACTIVE, limit=3, after=first.rows[-1])
    assert (chats(second.rows), second.left) == ("1", 0)
