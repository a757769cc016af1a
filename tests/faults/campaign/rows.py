"""Which kinds of faults there are: whatever the modules beside this one bring."""

import importlib
import pkgutil
from collections.abc import Sequence
from pathlib import Path

from tests.faults.campaign.fault import Fault

_HERE = Path(__file__).parent


def rows() -> Sequence[Fault]:
    """Every fault of the campaign, in the order of the modules' names."""
    package = __name__.rpartition(".")[0]
    found: list[Fault] = []
    for module in pkgutil.iter_modules([str(_HERE)]):
        if not module.name.startswith("__"):
            there = importlib.import_module(f"{package}.{module.name}")
            found += getattr(there, "FAULTS", ())
    return found
