"""Who was let in, and how strangers ask for it."""

import secrets
from collections.abc import Mapping
from datetime import timedelta

from channels.channel import Channel
from gateway.clock import Clock
from gateway.notices import notice
from state.messages import InboundMessage, OwedPart, Reply, ReplyKind
from state.store import Ledger, PairingRequest, Role

CODE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Thirty-two characters that are not taken for each other."""
CODE_LENGTH = 8
CODE_LIFE = timedelta(minutes=10)
MOST_REQUESTS = 20
"""Live requests an account keeps; a flood of strangers gets no answer beyond that."""


class People:
    """The admissions of all accounts, kept in memory because every message asks."""

    def __init__(self, ledger: Ledger, channels: Mapping[str, Channel], clock: Clock) -> None:
        self._ledger = ledger
        self._channels = channels
        self._clock = clock
        self._admitted: dict[str, dict[str, Role]] = {}

    async def refresh(self) -> None:
        """Read the admissions again, after one was given or taken."""
        admitted: dict[str, dict[str, Role]] = {}
        for admission in await self._ledger.admissions():
            admitted.setdefault(admission.account, {})[admission.user] = admission.role
        self._admitted = admitted

    def admitted(self, account: str) -> Mapping[str, Role]:
        """The user ids that were let in by hand on an account."""
        return self._admitted.get(account, {})

    async def ask_in(self, message: InboundMessage) -> tuple[OwedPart, ...]:
        """Give a stranger their code, once while it lives; what they wrote is not kept."""
        now = self._clock.now()
        asked = await self._ledger.request_pairing(
            PairingRequest(
                code="".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH)),
                account=message.address.channel,
                user=message.sender.id,
                name=message.sender.name,
                address=message.address,
                created_at=now,
                expires_at=now + CODE_LIFE,
            ),
            most=MOST_REQUESTS,
        )
        if asked is None or asked.notified_at is not None:
            return ()
        minutes = int(CODE_LIFE.total_seconds() // 60)
        reply = Reply(notice("pairing", code=asked.code, minutes=minutes), ReplyKind.NOTICE)
        parts = self._channels[message.address.channel].render(reply)
        owed = await self._ledger.decline(message, reason="pairing", parts=parts, at=now)
        await self._ledger.notified(asked.code, now)
        return owed or ()
