"""The setting that is nearest to a room decides whether it shares a session."""

import pytest

from channels.config import AccountSettings
from gateway.scopes import scope_of
from state.keys import Scope

PER_CHANNEL, COLLAPSED = Scope.PER_CHANNEL, Scope.COLLAPSED


def test_a_container_without_a_setting_of_its_own_has_the_accounts() -> None:
    account = AccountSettings(channel_scope=COLLAPSED)
    assert scope_of("guild", account, PER_CHANNEL) is COLLAPSED


def test_an_account_without_a_setting_of_its_own_has_the_agents() -> None:
    assert scope_of("guild", AccountSettings(), COLLAPSED) is COLLAPSED
    assert scope_of("guild", AccountSettings(), PER_CHANNEL) is PER_CHANNEL


@pytest.mark.parametrize("own", Scope)
def test_a_containers_own_setting_comes_first(own: Scope) -> None:
    other = COLLAPSED if own is PER_CHANNEL else PER_CHANNEL
    account = AccountSettings(channel_scope=other, scopes={"guild": own})
    assert scope_of("guild", account, other) is own
    assert scope_of("another", account, own) is other


def test_a_chat_in_no_container_has_the_accounts() -> None:
    account = AccountSettings(channel_scope=PER_CHANNEL, scopes={"guild": COLLAPSED})
    assert scope_of(None, account, COLLAPSED) is PER_CHANNEL


def test_a_setting_for_a_container_that_nobody_knows_is_no_error() -> None:
    account = AccountSettings(scopes={"never seen": COLLAPSED})
    assert scope_of("guild", account, PER_CHANNEL) is PER_CHANNEL
