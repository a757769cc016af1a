"""``python -m tests.benchmarks [name …]`` measures and prints; it fails if an answer is missing."""

import argparse
import asyncio
import os
import platform
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.probes import file_system
from tests.benchmarks.scenarios import SCENARIOS, Sizes
from tests.benchmarks.table import table
from tests.benchmarks.talk import Missing


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(SCENARIOS)}; none means all")
    names = parser.parse_args().names or list(SCENARIOS)
    if unknown := set(names) - SCENARIOS.keys():
        parser.error(f"there is no {', '.join(unknown)}")
    figures = []
    with tempfile.TemporaryDirectory(prefix="argent-bench-") as made:
        folder = Path(made)
        print(
            f"Python {platform.python_version()}, {os.cpu_count()} CPUs, state on "
            f"{file_system(folder)}, load {os.getloadavg()[0]:.1f}. Medians of all runs.\n"
        )
        for name in names:
            print(f"{name} …", file=sys.stderr, flush=True)
            try:
                figures += asyncio.run(SCENARIOS[name](folder, Sizes()))
            except Missing as missing:
                print(f"{name}: {missing}")
                return 1
    print(table(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
