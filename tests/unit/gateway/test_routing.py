"""Which session a message belongs to."""

import pytest

from gateway.routing import route
from state.keys import Address, Scope, SessionId
from state.messages import ChatKind, InboundMessage
from tests.unit.gateway.messages import message

PRIVATE = message()
GROUP = message(address=Address("telegram", "-5"), kind=ChatKind.GROUP, container="-5")
TOPIC = message(address=Address("telegram", "-5", "3"), kind=ChatKind.THREAD, container="-5")


@pytest.mark.parametrize(
    ("said", "owner", "scope", "key"),
    [
        (PRIVATE, True, Scope.PER_CHANNEL, "telegram:7:main"),
        (PRIVATE, False, Scope.PER_CHANNEL, "telegram:7:dm"),
        (GROUP, False, Scope.PER_CHANNEL, "telegram:-5:group"),
        (GROUP, True, Scope.PER_CHANNEL, "telegram:-5:group"),
        (TOPIC, False, Scope.PER_CHANNEL, "telegram:-5/3:topic"),
        (TOPIC, False, Scope.COLLAPSED, "telegram:-5:group"),
        (GROUP, False, Scope.COLLAPSED, "telegram:-5:group"),
    ],
)
def test_a_message_belongs_to(said: InboundMessage, owner: bool, scope: Scope, key: str) -> None:
    way = route(said, owner=owner, scope=scope, aliases={}, chosen={})
    assert str(way.key) == key
    assert way.session == way.key.session_id


def test_two_people_never_share_a_private_session() -> None:
    other = message(address=Address("telegram", "8"), sender=PRIVATE.sender)
    stranger = message(sender=PRIVATE.sender.__class__("8", "Alice"))
    keys = {
        route(m, owner=False, scope=Scope.PER_CHANNEL, aliases={}, chosen={}).key
        for m in (PRIVATE, stranger)
    }
    assert len(keys) == 2
    # The person is the key, also where the platform gives the chat another id.
    same = route(other, owner=False, scope=Scope.PER_CHANNEL, aliases={}, chosen={}).key
    assert same == route(PRIVATE, owner=False, scope=Scope.PER_CHANNEL, aliases={}, chosen={}).key


def test_a_chat_that_moved_keeps_its_session() -> None:
    aliases = {"telegram:-5:group": SessionId("telegram_-1_group")}
    way = route(GROUP, owner=False, scope=Scope.PER_CHANNEL, aliases=aliases, chosen={})
    assert way.session == "telegram_-1_group"
