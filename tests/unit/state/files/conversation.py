"""A state folder with one conversation in it."""

from pathlib import Path

from state.files import open_state
from state.files.layout import Layout
from state.session import Session
from state.store import Loaded
from tests.contracts.examples import after, session, turn

FACTS = session()


def folder(root: Path, facts: Session = FACTS) -> Path:
    return Layout(root).folder(facts.id)


async def said(root: Path, turns: int = 3) -> Session:
    """A state folder with one conversation, closed again."""
    state = await open_state(root)
    facts = FACTS
    for number in range(1, turns + 1):
        facts = after(facts, turn(number))
        await state.sessions.append(facts, turn(number))
    await state.close()
    return facts


async def loaded(root: Path) -> Loaded:
    state = await open_state(root)
    found = await state.sessions.load(FACTS.id)
    await state.close()
    assert found is not None
    return found


def ids(found: Loaded) -> list[str]:
    return [entry.id for entry in found.entries]


ALL = ["u1", "a1", "u2", "a2", "u3", "a3"]
