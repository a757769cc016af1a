"""The table part of docs/trust.md, made from the powers themselves.

``python -m tests.architecture.trust_table`` writes it into the page.
"""

from itertools import product
from pathlib import Path

from agents.sandbox.config import SandboxSettings
from gateway.powers import TABLE, power
from state.keys import SessionType
from state.trust import trust_of
from tests.architecture.generated import Generated

PAGE = Path(__file__).parents[2] / "docs" / "trust.md"
PLACE = Generated(
    PAGE,
    begin="<!-- table: made by `python -m tests.architecture.trust_table` -->",
    end="<!-- end of the table -->",
)
WHO = {"an owner": True, "anybody else": False}


def table() -> str:
    """Every type of session, who speaks there, and what each tool may then do, as Markdown."""
    columns = list(product(SessionType, WHO))
    rows = [
        ["type", *(str(kind) for kind, _ in columns)],
        ["---"] * (1 + len(columns)),
        ["who speaks", *(who for _, who in columns)],
        ["**trust**", *(f"**{trust_of(kind, owner=WHO[who])}**" for kind, who in columns)],
        ["commands run", *(_sandbox(kind, WHO[who]) for kind, who in columns)],
    ]
    rows += [
        [f"`{tool}`", *(power(tool, trust_of(kind, owner=WHO[who])) for kind, who in columns)]
        for tool in TABLE
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _sandbox(kind: SessionType, owner: bool) -> str:
    # As `gateway.sandboxing.Sandboxing.of`: who is no owner is a guest, also in an owner's chat.
    settings = SandboxSettings().of(
        kind if owner or kind is not SessionType.MAIN else SessionType.DM
    )
    return "sandboxed" if settings.sandboxed else "without a sandbox"


def written() -> str:
    """The table as it is on the page."""
    return PLACE.written()


def write() -> None:
    """Put it there."""
    PLACE.write(table())


if __name__ == "__main__":
    write()
