"""Keys and session ids, for any id a platform may think of."""

from hypothesis import given
from hypothesis import strategies as st

from state.keys import (
    Scope,
    SessionId,
    SessionKey,
    SessionType,
    as_slug,
    encode,
    person_session_id,
    side_of,
    side_session_id,
)

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
SLUGS = (HOSTILE | st.text(st.characters(categories=["L", "M", "N"]), max_size=99)).map(as_slug)
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


def bases() -> st.SearchStrategy[SessionId]:
    names = st.from_regex(r"[a-z0-9]{1,64}", fullmatch=True)
    return keys().map(lambda key: key.session_id) | names.map(person_session_id)


@given(st.text(max_size=99) | SLUGS)
def test_a_slug_is_its_own_and_holds_nothing_that_parts_an_id(name: str) -> None:
    slug = as_slug(name)
    assert as_slug(slug) == slug
    assert len(slug) <= 48
    assert not set(slug) & set("._~/%:\0 ")
    assert not slug.startswith("-")


@given(bases(), SLUGS.filter(bool), bases(), SLUGS.filter(bool))
def test_different_side_sessions_have_different_ids(
    base: SessionId, slug: str, other_base: SessionId, other_slug: str
) -> None:
    same = (base, slug) == (other_base, other_slug)
    assert (side_session_id(base, slug) == side_session_id(other_base, other_slug)) == same


@given(bases(), SLUGS.filter(bool), bases())
def test_a_side_session_has_an_id_that_no_key_and_no_person_makes(
    base: SessionId, slug: str, other: SessionId
) -> None:
    side = side_session_id(base, slug)
    assert side != other
    assert len(side.encode()) <= 200
    assert SessionKey.of_session(side) is None
    assert side_of(side) == (None if side.endswith(".side") and slug != "side" else (base, slug))


@given(bases())
def test_a_session_that_is_no_side_session_has_no_base(base: SessionId) -> None:
    assert side_of(base) is None


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
