"""An address counts as read only where somebody else wrote it whole."""

from hypothesis import given
from hypothesis import strategies as st

from agents.transcript import AssistantSays, ToolResult, ToolsSay, UserSays
from gateway.citing import is_cited

URL = "https://example.org/page"
MADE_UP = "https://example.org/page?words=secret"


def result(name: str, content: str, *, failed: bool = False) -> ToolsSay:
    return ToolsSay((ToolResult("c", name, content, failed),))


def test_what_a_person_wrote_is_cited() -> None:
    assert is_cited(URL, [UserSays(f"look at {URL} please")])
    assert not is_cited(MADE_UP, [UserSays(f"look at {URL} please")])


def test_what_stands_on_a_page_or_in_a_file_is_cited() -> None:
    assert is_cited(URL, [result("fetch", f"see {URL}")])
    assert is_cited(URL, [result("read", f"see {URL}")])


@given(st.sampled_from(["search", "list", "recall", "files__echo", "current_time"]))
def test_what_a_tool_may_only_repeat_is_not(name: str) -> None:
    assert not is_cited(MADE_UP, [result(name, f"nothing says {MADE_UP}")])


@given(st.sampled_from(["fetch", "read"]))
def test_what_an_error_repeats_is_not(name: str) -> None:
    assert not is_cited(MADE_UP, [result(name, f"there is no {MADE_UP}", failed=True)])


def test_what_the_model_says_itself_is_not() -> None:
    assert not is_cited(MADE_UP, [AssistantSays(f"I will look at {MADE_UP}")])


def test_what_the_model_said_first_is_not_though_somebody_quotes_it() -> None:
    first = AssistantSays(f"Shall I look at {MADE_UP}?")
    assert not is_cited(MADE_UP, [first, UserSays(f"[In reply to you:]\n> {MADE_UP}\nyes")])
    assert is_cited(URL, [UserSays(f"what is at {URL}?"), AssistantSays(f"{URL}? Shall I look?")])
