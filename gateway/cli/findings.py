"""Findings as a person reads them: what, why, and the way out."""

from collections.abc import Iterable
from typing import Any

from gateway.cli.output import BOLD, DIM, out
from gateway.visible import one_line

Json = dict[str, Any]


def show_findings(found: Iterable[Json]) -> None:
    """A few lines for each of them, as `dataclasses.asdict` makes them."""
    for finding in found:
        out(one_line(f"{finding['level']}: {finding['what']}"), style=BOLD)
        out(one_line(f"    why: {finding['cause']}"))
        out(one_line(f"    fix: {finding['fix']}"))
        out(f"    ({finding['code']})", style=DIM)
