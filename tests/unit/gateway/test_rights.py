"""Who may give which command."""

import pytest

from channels.config import CommandRights
from gateway.commands import CommandName, Reach, may, reach

EVERYBODYS = {
    CommandName.HELP,
    CommandName.STATUS,
    CommandName.STOP,
    CommandName.PAIR,
    CommandName.UNPAIR,
    # In a group these only say that they are for private chats.
    CommandName.SESSIONS,
    CommandName.SESSION,
    CommandName.RENAME,
}


def allowed(
    rights: CommandRights, *, owner: bool = False, shared: bool = True, argument: str = ""
) -> set[CommandName]:
    return {
        name
        for name in CommandName
        if may(name, argument, owner=owner, shared=shared, rights=rights)
    }


def test_members_of_a_group_ask_for_help_and_stop_and_change_nothing() -> None:
    assert allowed(CommandRights.OWNERS) == EVERYBODYS


def test_where_members_may_command_they_do_what_harms_nobody() -> None:
    given = allowed(CommandRights.MEMBERS)
    assert {CommandName.CLEAR, CommandName.COMPACT, CommandName.TITLE} <= given
    assert not {CommandName.FORGET, CommandName.PROMPT} & given
    changed = allowed(CommandRights.MEMBERS, argument="x")
    assert CommandName.SKILL in changed
    assert not {CommandName.MODEL, CommandName.TOOLS} & changed


def test_in_a_private_chat_everybody_decides_about_their_own_words() -> None:
    assert CommandName.FORGET in allowed(CommandRights.MEMBERS, shared=False)


@pytest.mark.parametrize("rights", [CommandRights.OWNERS, CommandRights.MEMBERS])
def test_owners_may_do_everything(rights: CommandRights) -> None:
    assert allowed(rights, owner=True, argument="x") == set(CommandName)


def test_where_nobody_may_command_not_even_an_owner_changes_anything() -> None:
    assert allowed(CommandRights.NOBODY, owner=True) == EVERYBODYS


def test_what_only_owners_may_is_little() -> None:
    owners = {name for name in CommandName if reach(name, "") is Reach.OWNERS}
    assert owners == {CommandName.PROMPT, CommandName.APPROVE, CommandName.DENY}
