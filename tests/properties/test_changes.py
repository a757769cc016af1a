"""What becomes of settings that change while the gateway runs."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.changes import Effect, How, compare, effect_of
from gateway.config import Settings
from gateway.config_schema import leaves

TOKENS = st.sampled_from(["1:a", "2:b"])
ACCOUNT = st.fixed_dictionaries(
    {"kind": st.just("telegram"), "token": TOKENS},
    optional={
        "enabled": st.booleans(),
        "dm_policy": st.sampled_from(["open", "closed"]),
        "owners": st.sampled_from([[], ["1"]]),
        "webhook": st.fixed_dictionaries(
            {"url": st.just("https://a.example"), "secret": st.sampled_from(["x" * 16, "y" * 16])}
        ),
    },
)
AGENT = st.fixed_dictionaries(
    {},
    optional={
        "model": st.sampled_from(["auto", "offline"]),
        "options": st.sampled_from([{}, {"temperature": 0.5}]),
        "session": st.fixed_dictionaries({"idle_after": st.sampled_from([60, 3600])}),
    },
)
RULE = st.fixed_dictionaries({}, optional={"skill": st.sampled_from(["a", "b"])})
SERVER = st.fixed_dictionaries({"url": st.sampled_from(["http://a.example", "http://b.example"])})


def named(of: st.SearchStrategy[Any], *names: str) -> st.SearchStrategy[dict[str, Any]]:
    """Some of these names, in any order."""
    chosen = st.permutations(names).flatmap(
        lambda order: st.integers(0, len(order)).map(lambda count: order[:count])
    )
    return chosen.flatmap(lambda some: st.fixed_dictionaries(dict.fromkeys(some, of)))


SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "agents": named(AGENT, "defaults", "coder"),
        "rules": named(RULE, "first", "second"),
        "channels": named(ACCOUNT, "telegram", "work"),
        "mcp": named(SERVER, "files", "web"),
        "gateway": st.fixed_dictionaries(
            {"max_turns": st.sampled_from([1, 64]), "max_queue": st.sampled_from([1, 100])}
        ),
        "sandbox": st.fixed_dictionaries(
            {"image": st.sampled_from(["a", "b"]), "cpu": st.sampled_from([1.0, 2.0])}
        ),
        "log": st.fixed_dictionaries(
            {"level": st.sampled_from(["info", "debug"]), "format": st.sampled_from(["text"])}
        ),
        "limits": st.fixed_dictionaries({"sender_turns": st.sampled_from([1, 20])}),
    },
).map(Settings.model_validate)


def written(settings: Settings) -> dict[str, Any]:
    """The settings in an order that counts, with what is secret uncovered."""
    return {
        "rules": list(settings.rules),
        "all": settings.model_dump(),
    }


@given(old=SETTINGS)
def test_what_is_written_again_changes_nothing(old: Settings) -> None:
    again = Settings.model_validate(old.model_dump())
    found = compare(old, again)
    assert (found.taken, found.restart) == ((), ())
    assert found.settings is old, "nobody has to look at it again"


@given(old=SETTINGS, new=SETTINGS)
def test_all_is_taken_up_but_what_needs_a_restart(old: Settings, new: Settings) -> None:
    found = compare(old, new)
    left = compare(found.settings, new)
    assert left.taken == (), "it was not taken up"
    assert left.restart == found.restart, "it was taken up, and needs a restart"
    assert not compare(old, found.settings).restart
    if not found.restart:
        assert written(found.settings) == written(new)


@given(old=SETTINGS, new=SETTINGS)
def test_nothing_changes_without_being_named(old: Settings, new: Settings) -> None:
    found = compare(old, new)
    if written(old) != written(new):
        assert found.taken or found.restart
    for change in (*found.taken, *found.restart):
        assert change.effect is effect_of(change.path)
        assert change.path[0] in Settings.model_fields


@given(old=SETTINGS, new=SETTINGS)
def test_a_section_of_which_nothing_is_taken_up_is_the_same_object(
    old: Settings, new: Settings
) -> None:
    found = compare(old, new)
    touched = {change.path[0] for change in found.taken}
    for section in Settings.model_fields:
        same = getattr(found.settings, section) is getattr(old, section)
        assert same is (section not in touched)


@given(old=SETTINGS, new=SETTINGS)
def test_an_account_is_begun_anew_where_more_than_a_policy_changed(
    old: Settings, new: Settings
) -> None:
    found = compare(old, new)
    for name in old.channels.keys() | new.channels.keys():
        before, after = old.channels.get(name), new.channels.get(name)
        policies = {"dm_policy": "closed", "owners": ()}
        plain = [
            None if each is None else each.model_copy(update=policies) for each in (before, after)
        ]
        assert (name in found.accounts) is (plain[0] != plain[1])


def test_two_rules_that_change_places_are_a_change() -> None:
    rules = {"first": {"skill": "a"}, "second": {"skill": "b"}}
    turned = dict(reversed(rules.items()))
    old, new = (Settings.model_validate({"rules": each}) for each in (rules, turned))
    found = compare(old, new)
    assert [(each.name, each.how) for each in found.taken] == [("rules", How.CHANGED)]
    assert list(found.settings.rules) == ["second", "first"]


def test_what_no_table_names_needs_a_restart() -> None:
    assert effect_of(("whatever", "comes")) is Effect.RESTART


def test_what_needs_a_restart_is_nowhere_under_a_name_of_the_owners() -> None:
    """It could not stay as it was where its account is removed."""
    starred = [leaf.path for leaf in leaves(Settings) if "*" in leaf.path]
    assert all(effect_of(path) is not Effect.RESTART for path in starred)
