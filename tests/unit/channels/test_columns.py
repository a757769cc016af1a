"""Tables that a telephone can show."""

from channels.columns import MAX_WIDTH, aligned, records, width
from channels.document import Table, plain
from channels.markdown import parse


def _table(source: str) -> Table:
    (table,) = parse(source)
    assert isinstance(table, Table)
    return table


def test_columns_are_aligned_to_their_side():
    table = _table("|a|b|c|\n|:-|:-:|-:|\n|long|long|long|\n|**x**|y|z|")
    assert aligned(table) == (
        "a    │  b   │    c\n─────┼──────┼─────\nlong │ long │ long\nx    │  y   │    z"
    )


def test_wide_characters_take_two_columns_and_marks_none():
    assert width("ab") == 2
    assert width("林檎") == 4
    assert width("e\u0301") == 1
    assert aligned(_table("|林|b|\n|-|-|\n|x|y|")) == "林 │ b\n───┼──\nx  │ y"


def test_a_table_that_is_too_wide_is_told_row_by_row():
    wide = "x" * MAX_WIDTH
    table = _table(f"|Name|Use|\n|-|-|\n|a|{wide}|\n|b||")
    assert aligned(table) is None
    assert [plain(spans) for spans in records(table)] == [
        f"Name: a\nUse: {wide}",
        "Name: b\nUse: –",
    ]


def test_links_would_be_lost_in_fixed_columns():
    table = _table("|a|\n|-|\n|[b](https://x.org)|")
    assert aligned(table) is None
    assert [span.link for spans in records(table) for span in spans][-1] == "https://x.org"


def test_a_wide_table_without_rows_still_shows_its_header():
    table = _table(f"|{'a' * 40}|{'b' * 40}|\n|-|-|")
    assert aligned(table) is None
    assert [plain(spans) for spans in records(table)] == [f"{'a' * 40} │ {'b' * 40}"]
