"""The table of docs/doctor.md, made from the catalogue of faults.

``python -m tests.architecture.fault_table`` writes it into the page.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from channels.probe import Fault
from gateway.doctor.catalogue import CATALOGUE
from tests.architecture.generated import Generated

PAGE = Path(__file__).parents[2] / "docs" / "doctor.md"
PLACE = Generated(
    PAGE,
    begin="<!-- faults: made by `python -m tests.architecture.fault_table` -->",
    end="<!-- end of the faults -->",
)


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
    return PLACE.written()


def write() -> None:
    """Put the table into the page."""
    PLACE.write(table())


if __name__ == "__main__":
    write()
