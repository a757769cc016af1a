"""Keys and session ids, for any id a platform may think of."""

from hypothesis import given
from hypothesis import strategies as st

from state.keys import Scope, SessionKey, SessionType, encode

HOSTILE = st.text(min_size=1, max_size=40) | st.sampled_from(
    [
        "..",
        ".",
        "/",
        ":",
        "%",
        "%2F",
        "%5F",
        "_",
        "a_b",
        "\0",
        "\ud800",
        "\u202e",
        " ",
        "~",
        "é" * 99,
    ]
)
CHANNELS = st.sampled_from(["telegram", "telegram-work", "d1"])


@st.composite
def keys(draw: st.DrawFn) -> SessionKey:
    kind = draw(st.sampled_from(SessionType))
    thread = draw(st.none() | HOSTILE) if kind is SessionType.TOPIC else None
    return SessionKey(draw(CHANNELS), draw(HOSTILE), kind, thread)


@given(keys())
def test_a_written_key_reads_back_as_itself(key: SessionKey) -> None:
    assert SessionKey.parse(str(key)) == key
    assert str(key).count(":") == 2
    assert str(key).isprintable()


@given(keys(), keys())
def test_different_keys_have_different_sessions(one: SessionKey, other: SessionKey) -> None:
    assert (one.session_id == other.session_id) == (one == other)


@given(keys())
def test_a_session_id_is_a_safe_file_name(key: SessionKey) -> None:
    name = key.session_id
    assert 0 < len(name.encode()) <= 200
    assert not set(name) & set("/\0:")
    assert name[0] not in ".-~"
    assert name.isprintable()


@given(keys())
def test_a_session_id_leads_back_to_its_key_unless_it_was_cut(key: SessionKey) -> None:
    was_cut = "~" in key.session_id
    assert SessionKey.of_session(key.session_id) == (None if was_cut else key)


@given(st.text(max_size=60))
def test_no_text_is_read_as_a_key_it_does_not_write(text: str) -> None:
    try:
        key = SessionKey.parse(text)
    except ValueError:
        return
    assert str(key) == text


@given(HOSTILE)
def test_an_encoded_id_holds_nothing_that_parts_a_key(platform_id: str) -> None:
    assert not set(encode(platform_id)) & set(":/ \n\t\0")


def test_scopes_have_the_names_of_the_settings() -> None:
    assert [str(scope) for scope in Scope] == ["per-channel", "collapsed"]
