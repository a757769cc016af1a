"""What probing has in common on every platform: a time limit, and what a missing answer means."""

import asyncio
from collections.abc import Awaitable

from channels.errors import ChannelError, RateLimited, Rejected
from channels.probe import Fault, Level, Probed

PROBE_SECONDS = 5.0
"""How long a platform may take to answer everything that it is asked about one account."""

UNREACHABLE = Fault(
    "platform-unreachable",
    Level.ERROR,
    "the platform does not answer for the account {where}",
    "{reason}",
    "check the network, a proxy and channels.{where}.api_root, then: argent channels test {where}",
)
BUSY = Fault(
    "platform-busy",
    Level.WARNING,
    "the platform lets the account {where} wait",
    "the account made more calls than the platform allows; it asks for {seconds:.0f} s",
    "wait, then: argent channels test {where}",
)
REFUSED = Fault(
    "platform-refuses",
    Level.ERROR,
    "the platform refuses what it was asked for the account {where}",
    "{reason}",
    "check the account's settings at the platform, then: argent channels test {where}",
)
FAULTS = (UNREACHABLE, BUSY, REFUSED)


async def in_time(name: str, asking: Awaitable[Probed], *, seconds: float) -> Probed:
    """What a platform answers within `seconds`; that it does not, or fails, is a finding."""
    try:
        async with asyncio.timeout(seconds):
            return await asking
    except TimeoutError:
        finding = UNREACHABLE.at(name, reason=f"no answer within {seconds:g} s")
    except RateLimited as error:
        finding = BUSY.at(name, seconds=error.retry_after)
    except Rejected as error:
        finding = REFUSED.at(name, reason=error)
    except ChannelError as error:
        finding = UNREACHABLE.at(name, reason=error)
    return Probed(None, (finding,))
