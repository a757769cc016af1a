"""The messaging accounts: what their platforms say of them."""

import asyncio
from itertools import chain
from typing import TYPE_CHECKING

from channels.probe import Finding
from channels.registry import probe
from gateway.doctor.case import Case

if TYPE_CHECKING:
    import aiohttp

LISTEN_SECONDS = 2.0
"""How long it is found out whether another program reads an account's messages."""


async def examine(
    case: Case, http: "aiohttp.ClientSession", *, listen: float = LISTEN_SECONDS
) -> list[Finding]:
    """What is wrong with the accounts that are in use."""
    accounts = case.settings.channels if case.settings is not None else {}
    # While a gateway of ours reads them, looking for other readers would get in its way.
    alone = listen if case.holder is None else 0.0
    probed = await asyncio.gather(
        *(
            probe(name, account, http=http, listen=alone)
            for name, account in accounts.items()
            if account.enabled
        )
    )
    return list(chain.from_iterable(each.findings for each in probed))
