"""docs/admission.md tells of the rules that the code has."""

from tests.architecture.admission_tables import PAGE, TABLES, filled


def test_the_tables_are_those_of_the_code() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == filled(page), "run python -m tests.architecture.admission_tables"


def test_every_table_has_its_place() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert all(page.count(f"<!-- {name}: ") == 1 for name in TABLES)
