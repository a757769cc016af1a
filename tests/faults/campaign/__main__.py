"""Runs the campaign and prints its table: ``python -m tests.faults.campaign [small|medium|all]``.

`--seed` repeats an earlier one, `--only` runs the rows whose names hold that. Exits with 1 when a
promise was broken. `make faults FAULTS=medium SEED=7 ONLY=kill` says the same.
"""

import argparse
import asyncio
import logging
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.campaign.fault import Fault, Result, Size
from tests.faults.campaign.rows import rows
from tests.faults.campaign.table import table

_MOST_TOLD = 20


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.faults.campaign", description=__doc__)
    parser.add_argument("size", nargs="?", type=Size, choices=list(Size), default=Size.SMALL)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    # That a client goes away in the middle of a call is what these trials are about.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    print(f"seed {given.seed}, size {given.size.value}")
    results: dict[str, Result] = {}
    for fault in rows():
        if given.only in fault.name:
            results[fault.name] = _tried(fault, given.size, given.seed)
    print()
    print(table(results))
    broken = [each for result in results.values() for each in result.broken]
    for each in broken[:_MOST_TOLD]:
        print(f"BROKEN {each}", file=sys.stderr)
    return 1 if broken else 0


def _tried(fault: Fault, size: Size, seed: int) -> Result:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="argent-faults-") as folder:
        result = asyncio.run(fault.run(seed, fault.trials.of(size), Path(folder)))
    print(f"{fault.name}: {result.tried} trials in {time.monotonic() - began:.0f} s", flush=True)
    return result


if __name__ == "__main__":
    sys.exit(main())
