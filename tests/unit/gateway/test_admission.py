"""Who may talk, decided from immutable ids alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.config import AccountSettings, DmPolicy, GroupPolicy
from gateway.admission import Admit, Ignore, Pair, Policy, decide
from state.keys import Address
from state.messages import ChatKind, Sender
from state.store import Role
from tests.unit.gateway.messages import message

GROUP = {"address": Address("telegram", "-100"), "kind": ChatKind.GROUP}


def policy(**settings: object) -> Policy:
    return Policy.of(AccountSettings.model_validate(settings))


def test_a_stranger_is_asked_to_pair_and_nothing_else() -> None:
    assert decide(message(), policy(), {}) == Pair()


def test_an_owner_is_known_by_the_number_and_not_by_the_name() -> None:
    rules = policy(owners=[7])
    assert decide(message(), rules, {}) == Admit(owner=True)
    impostor = message(sender=Sender("8", "Alice", username="alice"))
    assert decide(impostor, rules, {}) == Pair()


def test_somebody_who_was_let_in_may_talk() -> None:
    assert decide(message(), policy(), {"7": Role.GUEST}) == Admit(owner=False)
    assert decide(message(), policy(), {"7": Role.OWNER}) == Admit(owner=True)


def test_an_empty_allowlist_admits_nobody() -> None:
    assert isinstance(decide(message(), policy(dm_policy="allowlist"), {}), Ignore)
    assert isinstance(decide(message(**GROUP), policy(), {}), Ignore)


def test_a_closed_account_answers_only_its_owners() -> None:
    rules = policy(dm_policy="closed", owners=["9"])
    assert isinstance(decide(message(), rules, {"7": Role.GUEST}), Ignore)
    assert decide(message(sender=Sender("9", "Owner")), rules, {}) == Admit(owner=True)


def test_bots_are_never_answered() -> None:
    bot = message(sender=Sender("7", "Bot", is_bot=True))
    assert isinstance(decide(bot, policy(dm_policy="open"), {}), Ignore)


def test_a_group_hears_only_what_is_said_to_the_bot() -> None:
    rules = policy(group_policy="open")
    assert isinstance(decide(message(**GROUP, addressed=False), rules, {}), Ignore)
    assert decide(message(**GROUP), rules, {}) == Admit(owner=False)


@pytest.mark.parametrize("place", [{"allow_groups": [-100]}, {"allow_groups": ["-100"]}])
def test_a_listed_group_may_talk(place: dict[str, object]) -> None:
    assert decide(message(**GROUP), policy(**place), {}) == Admit(owner=False)


def test_a_topic_is_listed_by_its_group() -> None:
    topic = message(
        address=Address("telegram", "-100", "5"), kind=ChatKind.THREAD, container="-100"
    )
    assert decide(topic, policy(allow_groups=["-100"]), {}) == Admit(owner=False)


@given(
    name=st.text(),
    username=st.text() | st.none(),
    dm=st.sampled_from(DmPolicy),
    group=st.sampled_from(GroupPolicy),
    kind=st.sampled_from(ChatKind),
)
def test_names_never_decide(
    name: str, username: str | None, dm: DmPolicy, group: GroupPolicy, kind: ChatKind
) -> None:
    rules = policy(dm_policy=dm, group_policy=group, owners=["1"], allow_users=["2"])
    plain = message(kind=kind, sender=Sender("7", "x"))
    named = message(kind=kind, sender=Sender("7", name, username=username))
    assert decide(plain, rules, {}) == decide(named, rules, {})
