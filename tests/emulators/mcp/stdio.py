"""A server as a program: ``python -m tests.emulators.mcp.stdio TRAITS``.

https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#stdio
"""

import json
import signal
import subprocess
import sys

from tests.emulators.mcp.talk import Die, Stall, Talk
from tests.emulators.mcp.traits import Traits


def main() -> None:
    """Serve until the input ends."""
    traits = Traits.parse(sys.argv[1]) if len(sys.argv) > 1 else Traits()
    talk = Talk(traits)
    for number in range(traits.complains):
        print(f"complaint {number}", file=sys.stderr)
    for number in range(traits.banner):
        print(f"welcome {number}")
    sys.stdout.flush()
    if traits.child:
        # In a session of its own, as a daemon would be; it has our pipes.
        child = subprocess.Popen(["sleep", "600"], start_new_session=True)
        print(f"child {child.pid}", file=sys.stderr, flush=True)
    if traits.dies is not None:
        print(traits.dies, file=sys.stderr)
        raise SystemExit(4)
    if traits.stays:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _serve(talk)
    while traits.stays:
        signal.pause()


def _serve(talk: Talk) -> None:
    for line in sys.stdin:
        if talk.traits.deaf:
            continue
        try:
            answers = talk.hear(json.loads(line))
        except Stall:
            break
        except Die:
            raise SystemExit(3) from None
        for answer in answers:
            print(json.dumps(answer))
        if talk.traits.flood:
            print(talk.traits.flood_of * talk.traits.flood)
        sys.stdout.flush()
    else:
        return
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
