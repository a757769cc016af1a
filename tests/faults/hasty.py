"""A gateway that shows growing answers at once, so that a short day has some of them.

``python -m tests.faults.hasty <variant> <arguments of argent>``; the variant is one of
`tests.acceptance.variants`, or ``kept`` for a gateway that keeps every promise.
"""

import sys

import gateway.live
from gateway.cli.main import main
from tests.acceptance.variants import VARIANTS

KEPT = "kept"
_FIRST_AFTER = 0.4

if __name__ == "__main__":
    gateway.live.FIRST_AFTER = _FIRST_AFTER
    if sys.argv[1] != KEPT:
        VARIANTS[sys.argv[1]]()
    main(sys.argv[2:])
