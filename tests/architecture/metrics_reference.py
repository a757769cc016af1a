"""The table of docs/metrics.md, made from the catalogue.

``python -m tests.architecture.metrics_reference`` writes it into the page.
"""

from pathlib import Path

from gateway.metrics.catalogue import CATALOGUE, Metric
from tests.architecture.generated import Generated

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
PLACE = Generated(
    PAGE,
    begin="<!-- reference: made by `python -m tests.architecture.metrics_reference` -->",
    end="<!-- end of the reference -->",
)


def reference() -> str:
    """Every metric as a row of Markdown."""
    lines = ["| metric | kind | labels | meaning |", "|---|---|---|---|"]
    return "\n".join((*lines, *map(_row, CATALOGUE)))


def _row(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels) or "–"
    return f"| `{metric.name}` | {metric.kind} | {labels} | {metric.help} |"


def written() -> str:
    """The reference as the page has it."""
    return PLACE.written()


def write() -> None:
    """Put the reference into the page."""
    PLACE.write(reference())


if __name__ == "__main__":
    write()
