"""The table of what was spent: one row for a day, person, session and model."""

import sqlite3
from datetime import date

from state.codec import text
from state.files.ledger.schema import expected, version
from state.spending import Per, Spending, Spent

_ADD = """
INSERT INTO spending (day, account, user, session, model, input, output, cached, cost_micro,
                      unpriced) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET
    input = input + excluded.input, output = output + excluded.output,
    cached = cached + excluded.cached, cost_micro = cost_micro + excluded.cost_micro,
    unpriced = unpriced + excluded.unpriced
"""

_NAMES = {
    Per.DAY: "day",
    Per.SESSION: "session",
    Per.PERSON: "account || ':' || user",
    Per.MODEL: "model",
}


def add(db: sqlite3.Connection, spending: Spending) -> None:
    """Add to what was spent."""
    spent = spending.spent
    db.execute(
        _ADD,
        (
            spending.day.isoformat(),
            spending.account,
            text(spending.user),
            spending.session,
            text(spending.model),
            spent.input,
            spent.output,
            spent.cached,
            spent.cost_micro,
            spent.unpriced,
        ),
    )


def totals(db: sqlite3.Connection, per: Per, first: date, last: date) -> dict[str, Spent]:
    """The sums from one day to another; a reader may come before the table."""
    if "spending" not in expected(version(db)):
        return {}
    rows = db.execute(
        f"SELECT {_NAMES[per]} AS name, sum(input), sum(output), sum(cached), sum(cost_micro), "
        "sum(unpriced) FROM spending WHERE day BETWEEN ? AND ? GROUP BY name ORDER BY name",
        (first.isoformat(), last.isoformat()),
    )
    return {name: Spent(*sums) for name, *sums in rows}
