"""The documented life of a session is the one in the code."""

from state.lifecycle import as_table
from tests.architecture.sources import ROOT


def test_the_documented_table_is_the_code_s() -> None:
    assert as_table() in (ROOT / "ARCHITECTURE.md").read_text()
