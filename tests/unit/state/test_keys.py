"""Keys as people read them."""

import pytest

from state.keys import InvalidKey, SessionKey, SessionType, is_account_name, person_session_id


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
