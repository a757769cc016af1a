from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from state.files import State, open_state


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[State]:
    state = await open_state(tmp_path)
    yield state
    await state.close()
