"""Names of foreign tools: what providers take, and never two alike, whatever servers call them."""

import re

from hypothesis import given
from hypothesis import strategies as st

from agents.tools.builtin import SESSION, TIME
from agents.tools.mcp.naming import SEPARATOR, tool_names
from agents.tools.send_file import SEND_FILE

servers = st.from_regex(r"[a-z0-9][a-z0-9-]{0,31}", fullmatch=True)
theirs = st.lists(
    st.one_of(st.text(max_size=90), st.text("ab_.-", max_size=4), st.sampled_from(["send_file"])),
    max_size=8,
)


@given(servers, theirs)
def test_every_name_is_one_that_providers_take(server: str, names: list[str]) -> None:
    for name in tool_names(server, names).values():
        assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name)


@given(servers, theirs, servers, theirs)
def test_no_two_tools_have_one_name(one: str, here: list[str], two: str, there: list[str]) -> None:
    mine, yours = tool_names(one, here), tool_names(two, there)
    assert len(set(mine.values())) == len(set(here))
    if one != two:
        assert not set(mine.values()) & set(yours.values())


@given(servers, theirs)
def test_a_name_says_whose_it_is(server: str, names: list[str]) -> None:
    for name in tool_names(server, names).values():
        assert name.partition(SEPARATOR)[0] == server


def test_a_plain_name_stays_as_it_is() -> None:
    assert tool_names("files", ["read_file", "list-all"]) == {
        "read_file": "files__read_file",
        "list-all": "files__list-all",
    }


def test_names_that_differ_in_what_is_not_taken_stay_apart() -> None:
    one, two, three = tool_names("files", ["read.file", "read/file", "read_file"]).values()
    assert len({one, two, three}) == 3
    assert three == "files__read_file"


def test_no_tool_of_our_own_could_be_a_servers() -> None:
    assert not [each.name for each in (TIME, SESSION, SEND_FILE) if SEPARATOR in each.name]
