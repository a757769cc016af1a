"""The table part of docs/reload.md, made from what the gateway goes by.

``python -m tests.architecture.reload_table`` writes it into the page.
"""

from pathlib import Path

from gateway.changes import EFFECTS, Effect
from tests.architecture.generated import Generated

PAGE = Path(__file__).parents[2] / "docs" / "reload.md"
PLACE = Generated(
    PAGE,
    begin="<!-- table: made by `python -m tests.architecture.reload_table` -->",
    end="<!-- end of the table -->",
)
TAKES = {
    Effect.AT_ONCE: "nothing: it holds from the next message on",
    Effect.ACCOUNT: "the account is begun anew",
    Effect.SERVER: "the server is begun anew",
    Effect.RESTART: "**a restart**",
}


def table() -> str:
    """Every section, and every setting that is not as its section, as Markdown."""
    rows = [["setting", "what a change takes"], ["---", "---"]]
    rows += [[f"`{_shown(name)}`", TAKES[effect]] for name, effect in EFFECTS.items()]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _shown(name: str) -> str:
    return name.replace("*", "<account>") if "." in name else f"{name}.…"


def written() -> str:
    """The table as it is on the page."""
    return PLACE.written()


def write() -> None:
    """Put it there."""
    PLACE.write(table())


if __name__ == "__main__":
    write()
