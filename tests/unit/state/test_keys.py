"""Keys as people read them."""

import pytest

from state.keys import (
    InvalidKey,
    SessionKey,
    SessionType,
    as_slug,
    is_account_name,
    person_session_id,
    side_of,
    side_session_id,
)


@pytest.mark.parametrize(
    ("key", "written", "folder"),
    [
        (
            SessionKey("telegram", "123456789", SessionType.MAIN),
            "telegram:123456789:main",
            "telegram_123456789_main",
        ),
        (
            SessionKey("telegram", "-100200", SessionType.TOPIC, "7"),
            "telegram:-100200/7:topic",
            "telegram_-100200_7_topic",
        ),
        (
            SessionKey("slack", "C0/a:b_c", SessionType.GROUP),
            "slack:C0%2Fa%3Ab_c:group",
            "slack_C0%2Fa%3Ab%5Fc_group",
        ),
    ],
)
def test_keys_are_written_as_designed(key: SessionKey, written: str, folder: str) -> None:
    assert str(key) == written
    assert SessionKey.parse(written) == key
    assert key.session_id == folder
    assert SessionKey.of_session(folder) == key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "telegram:1",
        "telegram:1:king",
        "Telegram:1:main",
        "telegram::main",
        "telegram:1/:topic",
        "telegram:1/2/3:topic",
        "telegram:1/2:group",
        "telegram:%2f:main",
        "telegram:%41:main",
        "telegram:%FF:main",
        "telegram:a b:main",
    ],
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidKey):
        SessionKey.parse(text)


def test_a_session_id_too_long_for_a_file_name_ends_in_a_digest() -> None:
    one = SessionKey("telegram", "x" * 500, SessionType.DM)
    other = SessionKey("telegram", "x" * 501, SessionType.DM)
    assert len(one.session_id) <= 200
    assert one.session_id != other.session_id
    assert one.session_id.endswith("_dm")
    assert SessionKey.of_session(one.session_id) is None


@pytest.mark.parametrize("folder", ["", "x", "user-jason", "..", "telegram_1_king", "a_b_c_d_e"])
def test_a_folder_that_is_not_made_of_a_key_has_none(folder: str) -> None:
    assert SessionKey.of_session(folder) is None


def test_people_and_accounts_have_plain_names() -> None:
    assert person_session_id("jason") == "user-jason"
    for name in ("", "Jason", "a/b", "-a", "a" * 65):
        with pytest.raises(InvalidKey):
            person_session_id(name)
        assert not is_account_name(name)
    assert is_account_name("telegram-work")


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Work", "work"),
        ("  Tax return, 2026! ", "tax-return-2026"),
        ("Straße", "strasse"),
        ("हिन्दी में", "हिन्दी-में"),
        ("ﬁn²", "fin2"),
        ("❤️ 🦜", ""),
        ("../../etc", "etc"),
        ("x" * 99, "x" * 48),
    ],
)
def test_a_name_becomes_a_slug(name: str, slug: str) -> None:
    assert as_slug(name) == slug


def test_a_side_session_is_called_after_its_base() -> None:
    base = SessionKey("telegram", "1", SessionType.MAIN).session_id
    side = side_session_id(base, "work")
    assert side == "telegram_1_main.work"
    assert side_of(side) == (base, "work")
    assert side_of(side_session_id(person_session_id("jason"), "work")) == ("user-jason", "work")
    for name in ("", "Work", "a.b", "a/b", "-a", "x" * 49):
        with pytest.raises(InvalidKey):
            side_session_id(base, name)


def test_a_side_session_of_a_base_with_a_digest_is_told_apart() -> None:
    base = SessionKey("telegram", "x" * 500, SessionType.DM).session_id
    assert side_of(side_session_id(base, "work")) == (base, "work")
    one, other = (side_session_id(base, name * 48) for name in "ab")
    assert one != other
    assert len(one) <= 200
    assert side_of(one) is None
