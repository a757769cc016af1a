"""The table of docs/metrics.md, made from the catalogue.

``python -m tests.architecture.metrics_reference`` writes it into the page.
"""

from pathlib import Path

from gateway.metrics.catalogue import CATALOGUE, Metric

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
BEGIN = "<!-- reference: made by `python -m tests.architecture.metrics_reference` -->"
END = "<!-- end of the reference -->"


def reference() -> str:
    """Every metric as a row of Markdown."""
    lines = ["| metric | kind | labels | meaning |", "|---|---|---|---|"]
    return "\n".join((*lines, *map(_row, CATALOGUE)))


def _row(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels) or "–"
    return f"| `{metric.name}` | {metric.kind} | {labels} | {metric.help} |"


def written() -> str:
    """The reference as the page has it."""
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    found, end, _ = rest.partition(END)
    assert end, f"{PAGE} lost its marks"
    return found.strip()


def write() -> None:
    """Put the reference into the page."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n\n{reference()}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    write()
