"""docs/reload.md shows exactly what can be taken up, and every setting has its row."""

from gateway.changes import EFFECTS
from gateway.config import Settings
from gateway.config_schema import leaves
from tests.architecture.reload_table import table, written

SETTINGS = [".".join(leaf.path) for leaf in leaves(Settings)]


def test_the_table_is_what_the_gateway_goes_by() -> None:
    assert written() == table(), "run python -m tests.architecture.reload_table"


def test_every_section_has_a_row() -> None:
    assert Settings.model_fields.keys() <= EFFECTS.keys()


def test_every_row_is_of_settings_that_there_are() -> None:
    for name in EFFECTS:
        assert any(each == name or each.startswith(f"{name}.") for each in SETTINGS), name
