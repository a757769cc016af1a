"""What an operator does about one person. Raises `AdminError`."""

from collections.abc import Sequence

from gateway import persons
from gateway.admin_errors import AdminError, as_admin_errors
from gateway.people_erasing import PeopleErasing
from gateway.reading import Json


class PeopleActions:
    """Actions on people, told in JSON values."""

    def __init__(self, erasing: PeopleErasing) -> None:
        self._erasing = erasing

    async def erase(self, identities: Sequence[str]) -> Json:
        """Erase everything about the person with these identities; the receipt of it."""
        person = persons.parse(identities)
        with as_admin_errors():
            done = await self._erasing.erase(person)
        if done is None:
            raise nothing_about(", ".join(identities))
        receipt, path = done
        return {"erased": sorted(identities), "receipt": receipt, "file": str(path)}


def nothing_about(who: str) -> AdminError:
    """The answer to whoever asks for what is not there."""
    return AdminError("not_found", f"nothing is kept about {who}")
