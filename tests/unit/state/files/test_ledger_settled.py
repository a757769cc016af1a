"""What an earlier process left in the log of the ledger is brought into its database."""

from contextlib import closing
from pathlib import Path

from state.files.ledger.database import connect
from state.files.ledger.schema import configure, settle, upgrade


def test_a_database_that_was_just_made_has_nothing_to_bring_in(tmp_path: Path) -> None:
    path = tmp_path / "gateway.db"
    path.touch()
    with closing(connect(path)) as db:
        assert db.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
        configure(db)
        settle(db)


def test_what_stands_in_the_log_is_in_the_database_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "gateway.db"
    with closing(connect(path)) as db:
        configure(db)
        upgrade(db)
        before = path.stat().st_size
        settle(db)
        assert path.stat().st_size > before
