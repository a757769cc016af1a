"""Images are built where root folders can be made; how long each step took is printed."""

from collections.abc import Callable

import pytest

from tests.image.roots import POSSIBLE, Clocked

collect_ignore = [] if POSSIBLE else ["test_clean_root.py", "test_image.py"]


@pytest.fixture(scope="session")
def shown(pytestconfig: pytest.Config) -> Callable[[Clocked], None]:
    """Prints a table where pytest would keep it to itself: it is what the test is run for."""
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")

    def show(clocked: Clocked) -> None:
        with capture.global_and_fixture_disabled():
            print(clocked.table(), flush=True)

    return show
