"""Whether the rooms of a guild, workspace or supergroup share a session: the nearest setting."""

from channels.config import AccountSettings
from state.keys import Scope


def scope_of(container: str | None, account: AccountSettings, default: Scope) -> Scope:
    """The scope that holds in a container.

    The container's own setting comes first (`scopes`), then the account's (`channel_scope`), then
    `default`. A session belongs to its key, so a switch of scope leaves all sessions where they
    are: back in the old scope, the old conversations go on.
    """
    if container is not None and (own := account.scopes.get(container)) is not None:
        return own
    return default if account.channel_scope is None else account.channel_scope
