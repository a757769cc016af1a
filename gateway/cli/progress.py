"""A progress bar on a terminal, and nothing elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click


@contextmanager
def progress(label: str, steps: int, *, quiet: bool) -> Iterator[Callable[[], None]]:
    """What to call after each of so many steps. `quiet`: show nothing, as for ``--json``."""
    if quiet or steps == 0 or not sys.stderr.isatty():
        yield lambda: None
        return
    with click.progressbar(length=steps, label=label, file=sys.stderr) as bar:
        yield lambda: bar.update(1)
