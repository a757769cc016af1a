"""Two chats are linked or they are not, whenever the process that links them is killed."""

import json
import subprocess
import sys
from pathlib import Path

from tests.faults.linker import ALONE, LINKED

HERE = Path(__file__).parents[2]
EVERY = 4


def test_a_link_that_was_killed_at_any_step_is_there_or_not_and_nothing_is_lost(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-m", "tests.faults.linker", str(tmp_path), str(EVERY)]
    done = subprocess.run(command, cwd=HERE, capture_output=True, check=True, timeout=100)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith(b"{")]
    assert [line for line in lines if not line["went_on"]] == [], done.stderr.decode()
    *kills, last = lines
    assert all(line["killed"] for line in kills)
    assert not last["killed"]
    assert {line["links"] for line in kills} == {ALONE, LINKED}
    assert len(kills) > 5, "a link has fewer steps than it must"
