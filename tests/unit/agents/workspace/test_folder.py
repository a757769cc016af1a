import os
import stat
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from agents.workspace.folder import prepare, user_of

EVERYBODY = "         0          0 4294967295\n"
FEW = "         0     100000      65536\n"


def test_a_workspace_is_for_its_own_user_alone(tmp_path: Path) -> None:
    folder = tmp_path / "sessions" / "one" / "workspace"
    prepare(folder, "one")
    seen = folder.stat()
    assert stat.S_IMODE(seen.st_mode) == 0o700
    assert (seen.st_uid == os.geteuid()) is (os.geteuid() != 0)


def test_a_workspace_that_has_a_user_keeps_it(tmp_path: Path) -> None:
    folder = tmp_path / "workspace"
    prepare(folder, "one")
    owner = folder.stat().st_uid
    prepare(folder, "renamed")
    assert folder.stat().st_uid == owner


@given(st.text())
def test_a_session_s_user_is_nobody_else_s(session: str) -> None:
    user = user_of(session, EVERYBODY)
    assert user == user_of(session, EVERYBODY)
    assert 65_536 < user < 100_000
    assert 61_000 <= user_of(session, FEW) < 61_180
