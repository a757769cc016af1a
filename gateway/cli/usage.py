"""``argent usage``: what was spent."""

from datetime import UTC, datetime, timedelta
from typing import Any

import click

from gateway.cli import reach
from gateway.cli.base import Command
from gateway.cli.invocation import Invocation
from gateway.cli.output import note, out
from gateway.cli.text import cost, table
from state.spending import Per

Json = dict[str, Any]


@click.command(cls=Command)
@click.option(
    "--days",
    type=click.IntRange(min=1, max=36_500),
    default=30,
    show_default=True,
    help="How many days, today included. A day is one in UTC.",
)
@click.option(
    "--by",
    type=click.Choice([str(per) for per in Per]),
    default=str(Per.DAY),
    show_default=True,
    help="What to sum by; a person is a user id on an account.",
)
@click.pass_obj
def usage(invocation: Invocation, days: int, by: str) -> None:
    """Show how many tokens the models were given and gave, and what they cost.

    Providers count the tokens; prices are Argent's own table, with models.prices before it. What
    was spent on models of unknown price is named, and costs nothing here.
    """
    since = datetime.now(UTC).date() - timedelta(days=days - 1)
    invocation.show("usage", reach.look(invocation).usage(since, per=Per(by)), _show)


def _show(data: Json) -> None:
    if not data["rows"]:
        out(f"Nothing was spent since {data['since']}.")
        return
    sums = [*data["rows"], {"name": "total", **data["total"]}]
    rows = [(data["by"], "input", "cached", "output", "cost")]
    for row in sums:
        figures = (f"{row[name]:,}" for name in ("input", "cached", "output"))
        rows.append((row["name"], *figures, cost(row)))
    out("\n".join(table(rows, indent="")))
    if data["total"]["unpriced"]:
        unpriced = f"{data['total']['unpriced']:,}"
        note(f"{unpriced} tokens have no known price: models.prices in the settings can say it")
