"""A gateway that is quickly given up, and whose loop is held up when it is told to be.

``python -m tests.acceptance.impatient <arguments of argent>``; SIGUSR1 holds up its loop for ever.
"""

import asyncio
import signal
import sys
import threading
from functools import partial
from typing import Any

import gateway.daemon
import gateway.health
import gateway.vital_signs
import state.files.ledger.ledger
from gateway.app import Gateway
from gateway.cli.main import main
from gateway.heartbeat import Heartbeat

_obey_signals = gateway.daemon.obey_signals


def obey_signals(running: Gateway, **how: Any) -> None:
    """Obey one more: a callback of the loop that never returns."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, threading.Event().wait)
    _obey_signals(running, **how)


if __name__ == "__main__":
    gateway.daemon.obey_signals = obey_signals
    gateway.health.LONGEST_SILENCE = 1.0  # type: ignore[misc]
    gateway.vital_signs.Heartbeat = partial(Heartbeat, every=0.2)  # type: ignore[misc,assignment]
    state.files.ledger.ledger._PROOF_LASTS = 0.0
    main(sys.argv[1:])
