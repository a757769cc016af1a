"""Who may talk, decided from immutable ids alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.config import AccountSettings, CommandRights, DmPolicy, GroupPolicy, Respond
from gateway.admission import Admit, Ignore, Pair, Policy, decide
from state.keys import Address
from state.messages import ChatKind, Sender
from state.store import Role
from tests.unit.gateway.messages import message

GROUP = {"address": Address("telegram", "-100"), "kind": ChatKind.GROUP}
TOPIC = {
    "address": Address("telegram", "-100", "5"),
    "kind": ChatKind.THREAD,
    "container": "-100",
}
ADMIN = Sender("-100", "The group", as_chat=True)


def policy(**settings: object) -> Policy:
    return Policy.of(AccountSettings.model_validate(settings))


def there(chat: str = "-100", **settings: object) -> dict[str, object]:
    """What is different in one group."""
    return {"chats": {chat: settings}}


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
    bot = Sender("7", "Bot", is_bot=True)
    rules = policy(dm_policy="open", group_policy="open", respond="always", owners=["7"])
    assert isinstance(decide(message(sender=bot), rules, {}), Ignore)
    assert isinstance(decide(message(**GROUP, sender=bot), rules, {}), Ignore)


def test_a_group_hears_only_what_is_said_to_the_bot() -> None:
    rules = policy(group_policy="open")
    assert isinstance(decide(message(**GROUP, addressed=False), rules, {}), Ignore)
    assert decide(message(**GROUP), rules, {}) == Admit(owner=False)


def test_a_group_where_the_bot_always_answers_need_not_speak_to_it() -> None:
    rules = policy(group_policy="open", **there(respond="always"))
    assert decide(message(**GROUP, addressed=False), rules, {}) == Admit(owner=False)
    elsewhere = GROUP | {"address": Address("telegram", "-200")}
    assert isinstance(decide(message(**elsewhere, addressed=False), rules, {}), Ignore)


@pytest.mark.parametrize(("text", "ours"), [("/stop", True), ("/roll 6", False), ("/a@b", False)])
def test_where_the_bot_always_answers_it_leaves_other_bots_commands_alone(
    text: str, ours: bool
) -> None:
    rules = policy(group_policy="open", respond="always")
    verdict = decide(message(text, **GROUP, addressed=False), rules, {})
    assert isinstance(verdict, Admit) is ours


def test_in_a_group_where_the_bot_never_answers_not_even_an_owner_is_heard() -> None:
    rules = policy(group_policy="open", owners=["7"], **there(respond="never"))
    assert isinstance(decide(message(**GROUP), rules, {}), Ignore)


def test_a_chat_that_speaks_is_answered_only_when_it_asks_for_it() -> None:
    rules = policy(group_policy="open", respond="always")
    assert isinstance(decide(message(**GROUP, sender=ADMIN, addressed=False), rules, {}), Ignore)
    assert decide(message(**GROUP, sender=ADMIN), rules, {}) == Admit(owner=False)


@pytest.mark.parametrize("place", [{"allow_groups": [-100]}, {"allow_groups": ["-100"]}])
def test_a_listed_group_may_talk(place: dict[str, object]) -> None:
    assert decide(message(**GROUP), policy(**place), {}) == Admit(owner=False)


def test_a_topic_is_listed_by_its_group() -> None:
    assert decide(message(**TOPIC), policy(allow_groups=["-100"]), {}) == Admit(owner=False)


@pytest.mark.parametrize("around", ["open", "allowlist"])
def test_where_users_are_named_nobody_else_is_answered_but_the_owners(around: str) -> None:
    rules = policy(
        group_policy=around, allow_groups=["-100"], allow_users=["8"], owners=["9"],
        **there(users=["7"]),
    )  # fmt: skip
    assert decide(message(**GROUP), rules, {}) == Admit(owner=False)
    assert decide(message(**GROUP, sender=Sender("9", "Owner")), rules, {}) == Admit(owner=True)
    assert isinstance(decide(message(**GROUP, sender=Sender("8", "Known")), rules, {}), Ignore)
    assert isinstance(decide(message(**GROUP, sender=ADMIN), rules, {}), Ignore)


def test_no_users_are_the_owners_alone() -> None:
    rules = policy(group_policy="open", owners=["9"], **there(users=[]))
    assert isinstance(decide(message(**GROUP), rules, {}), Ignore)
    assert decide(message(**GROUP, sender=Sender("9", "Owner")), rules, {}) == Admit(owner=True)


def test_anonymous_admins_are_let_in_by_their_group_s_id() -> None:
    rules = policy(group_policy="open", **there(users=[-100]))
    assert decide(message(**GROUP, sender=ADMIN), rules, {}) == Admit(owner=False)
    other = Sender("-555", "The group", as_chat=True)
    assert isinstance(decide(message(**GROUP, sender=other), rules, {}), Ignore)


def test_a_closed_group_is_closed_to_owners_and_named_users_too() -> None:
    rules = policy(group_policy="open", owners=["7"], **there(policy="closed", users=["7"]))
    assert isinstance(decide(message(**GROUP), rules, {}), Ignore)


def test_a_thread_is_as_its_chat_in_all_that_it_does_not_say_itself() -> None:
    rules = policy(
        chats={
            "guild": {"commands": "members", "respond": "never"},
            "-100": {"policy": "open", "respond": "always"},
            "-100/5": {"users": ["7"]},
        }
    )
    here = rules.at(Address("telegram", "-100", "5"), "guild")
    assert (here.policy, here.respond) == (GroupPolicy.OPEN, Respond.ALWAYS)
    assert (here.users, here.commands) == ({"7"}, CommandRights.MEMBERS)
    beside = rules.at(Address("telegram", "-100", "6"), "guild")
    assert (beside.users, beside.respond) == (None, Respond.ALWAYS)
    assert rules.at(Address("telegram", "-300"), None) == rules.around


_RULES = st.fixed_dictionaries(
    {
        "dm_policy": st.sampled_from(DmPolicy),
        "group_policy": st.sampled_from(GroupPolicy),
        "respond": st.sampled_from(Respond),
        "commands": st.sampled_from(CommandRights),
        "chats": st.dictionaries(
            st.sampled_from(["-100", "-100/5", "guild"]),
            st.fixed_dictionaries(
                {},
                optional={
                    "policy": st.sampled_from(GroupPolicy),
                    "users": st.lists(st.sampled_from(["2", "3", "-100"])),
                    "respond": st.sampled_from(Respond),
                },
            ),
        ),
    }
)
_PLACES = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(ChatKind),
        "address": st.sampled_from(
            [
                Address("telegram", "-100"),
                Address("telegram", "-100", "5"),
                Address("telegram", "1"),
            ]
        ),
        "container": st.sampled_from([None, "guild", "-100"]),
        "addressed": st.booleans(),
    }
)


@given(
    rules=_RULES,
    place=_PLACES,
    bot=st.booleans(),
    name=st.text(),
    username=st.none() | st.text(),
    as_chat=st.booleans(),
)
def test_nobody_unknown_is_let_in_by_anything_but_open(
    rules: dict[str, object],
    place: dict[str, object],
    bot: bool,
    name: str,
    username: str | None,
    as_chat: bool,
) -> None:
    settings = AccountSettings.model_validate(rules | {"owners": ["1"], "allow_users": ["2"]})
    policies = {settings.group_policy, *(each.policy for each in settings.chats.values())}
    stranger = Sender("7", name, username, is_bot=bot, as_chat=as_chat)
    said = message(sender=stranger, **place)
    verdict = decide(said, Policy.of(settings), {"4": Role.OWNER, "5": Role.GUEST})
    if isinstance(verdict, Admit):
        direct = said.kind is ChatKind.DIRECT
        assert settings.dm_policy is DmPolicy.OPEN if direct else GroupPolicy.OPEN in policies
        assert not bot
        assert not verdict.owner
    if isinstance(verdict, Pair):
        assert said.kind is ChatKind.DIRECT
        assert settings.dm_policy is DmPolicy.PAIRING


@given(rules=_RULES, place=_PLACES, name=st.text(), username=st.text() | st.none())
def test_names_never_decide(
    rules: dict[str, object], place: dict[str, object], name: str, username: str | None
) -> None:
    settings = AccountSettings.model_validate(rules | {"owners": ["1"], "allow_users": ["2"]})
    plain = message(**place, sender=Sender("7", "x"))
    named = message(**place, sender=Sender("7", name, username=username))
    asked = Policy.of(settings)
    assert decide(plain, asked, {}) == decide(named, asked, {})
