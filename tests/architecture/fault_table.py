"""The table of docs/doctor.md, made from the catalogue of faults.

``python -m tests.architecture.fault_table`` writes it into the page.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from channels.probe import Fault
from gateway.doctor.catalogue import CATALOGUE

PAGE = Path(__file__).parents[2] / "docs" / "doctor.md"
BEGIN = "<!-- faults: made by `python -m tests.architecture.fault_table` -->"
END = "<!-- end of the faults -->"


def table() -> str:
    """Every fault, by subject, as Markdown."""
    return "\n\n".join("\n".join(_subject(name, faults)) for name, faults in CATALOGUE.items())


def _subject(name: str, faults: tuple[Fault, ...]) -> Iterator[str]:
    yield f"## {name}\n"
    yield "| code | level | what is wrong | why | fix |"
    yield "|---|---|---|---|---|"
    for fault in faults:
        texts = (_shown(text) for text in (fault.what, fault.cause, fault.fix))
        mends = " · `--fix`" if fault.mends else ""
        yield f"| `{fault.code}` | {fault.level}{mends} | {' | '.join(texts)} |"


def _shown(text: str) -> str:
    """A text with an ellipsis for what differs from case to case."""
    return re.sub(r"\{[^}]*\}", "…", text).replace("|", "\\|")


def written() -> str:
    """The table as the page has it."""
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    found, end, _ = rest.partition(END)
    assert end, f"{PAGE} lost its marks"
    return found.strip()


def write() -> None:
    """Put the table into the page."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    write()
