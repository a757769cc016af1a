"""Messages that were changed or deleted after they had their outcome.

What has none yet is changed in its lane (`lanes`), and its correction comes here when it has been
answered as it reads now: then there is nothing left to say about it. A correction never asks again.
"""

from agents.config import DeletionMode
from agents.revisions import concerned, reads_differently
from gateway.batch import Batch
from gateway.closing import Closing
from gateway.keeping import Keeping
from gateway.open_sessions import OpenSession
from state.history import CorrectionEntry, DeletionEntry, Entry, UserEntry
from state.messages import Accepted, Correction, Deletion, Outcome


class Revising:
    """Notes in the history what became of its messages, and makes the context anew."""

    def __init__(self, keeping: Keeping, closing: Closing) -> None:
        self._keeping = keeping
        self._closing = closing

    async def correct(self, accepted: Accepted, correction: Correction) -> None:
        """Let the model see the new text in the old place, or else as a note."""
        opened = await self._keeping.open(accepted)
        entry = CorrectionEntry(
            id=accepted.entry,
            at=accepted.at,
            content=correction.text,
            address=correction.address,
            sender=correction.sender,
            message=correction.id,
        )
        if reads_differently(await self._said(opened, entry), entry):
            await self._keeping.revise(opened, entry)
        await self._record(accepted, opened)

    async def delete(self, accepted: Accepted, deletion: Deletion) -> None:
        """Take a message out of the context, and out of the history where that is the setting."""
        opened = await self._keeping.open(accepted)
        entry = DeletionEntry(
            id=accepted.entry, at=accepted.at, address=deletion.address, message=deletion.id
        )
        said = await self._said(opened, entry)
        if any(isinstance(each, UserEntry) for each in said):
            if not any(isinstance(each, DeletionEntry) for each in said):
                await self._keeping.revise(opened, entry)
            for each in said:
                await self._keeping.take_down(opened, each.id)
            if opened.setup.kept.deletions is DeletionMode.ERASE:
                await self._keeping.erase(opened, deletion.id, deletion.address)
        await self._record(accepted, opened)

    async def _said(
        self, opened: OpenSession, change: CorrectionEntry | DeletionEntry
    ) -> list[Entry]:
        """The message that is meant, and what became of it before. The context comes first: that
        is where it is looked for without reading everything."""
        if not opened.stored:
            return []
        return concerned(await self._keeping.context(opened), change) or concerned(
            await self._keeping.entries(opened), change
        )

    async def _record(self, accepted: Accepted, opened: OpenSession) -> None:
        session = opened.session if opened.stored else None
        await self._closing.close(Batch((accepted,)), Outcome.RECORDED, None, session=session)
