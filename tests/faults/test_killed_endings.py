"""A conversation that is not kept leaves no byte, whenever the process that ends it is killed."""

import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parents[2]
EVERY = 8


def test_the_next_start_finishes_an_end_that_was_killed_at_any_step(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.faults.ender", str(tmp_path), str(EVERY)]
    done = subprocess.run(command, cwd=HERE, capture_output=True, check=True, timeout=100)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith(b"{")]
    assert [line for line in lines if not line["went_on"]] == [], done.stderr.decode()
    *kills, last = lines
    assert all(line["killed"] for line in kills)
    assert not last["killed"]
    assert last["left"] == 0
    assert len(kills) > 10, "an end has fewer steps than it must"
    assert {0, kills[0]["left"]} < {line["left"] for line in kills}, "nothing was half done"
