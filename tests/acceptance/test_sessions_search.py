"""Search as a real process, beside a gateway and without one."""

import time

import pytest

from tests.acceptance.test_cli import PATIENCE, TERMINAL, argent, running, talked

__all__ = ["argent", "running", "talked"]

pytestmark = pytest.mark.acceptance


def test_what_was_said_is_found_and_marked(talked):
    assert talked.ok("sessions", "search", "hello").startswith(TERMINAL)
    assert "«Hello» there" in talked.ok("sessions", "search", "HELLO")
    hit = talked.data("sessions", "search", '"hello there"', "--limit", "1")["hits"][0]
    assert (hit["key"], hit["role"], hit["snippet"]) == (TERMINAL, "user", "Hello there")
    assert hit["marks"] == [[0, 11]]


def test_nothing_is_found_where_nothing_is(argent, talked):
    assert talked.ok("sessions", "search", "unheard") == "Nothing was found.\n"
    assert talked.data("sessions", "search", "unheard") == {"hits": [], "complete": True}


def test_a_folder_is_not_made_by_searching_in_it(argent):
    assert argent.ok("sessions", "search", "hello") == "Nothing was found.\n"
    assert not argent.state.exists()


def test_one_session_is_searched_alone_and_must_be_there(talked):
    assert talked.data("sessions", "search", "hello", "--session", "terminal")["hits"]
    error = talked.refused(5, "sessions", "search", "hello", "--session", "telegram:1:main")
    assert error["code"] == "not_found"


@pytest.mark.parametrize("text", ["", '"', "*", "-- :", "()"])
def test_a_question_without_a_word_is_refused_with_an_example(argent, text):
    error = argent.refused(2, "sessions", "search", "--", text)
    assert error["code"] == "usage"
    assert "argent sessions search" in error["hint"]


def test_what_is_cleared_is_found_and_what_is_erased_is_not(talked):
    assert talked.data("sessions", "search", "hello")["hits"]
    talked.ok("sessions", "clear", TERMINAL, "--yes")
    assert talked.data("sessions", "search", "hello")["hits"]
    talked.ok("sessions", "delete", TERMINAL, "--erase", "--yes")
    assert not talked.data("sessions", "search", "hello")["hits"]
    left = [path.read_bytes().lower() for path in talked.state.glob("search.db*")]
    assert not any(b"hello" in content for content in left)


def test_beside_a_gateway_new_words_are_found_and_erased_ones_are_not(running):
    running.ok("ask", "Where is the harbour?")
    deadline = time.monotonic() + PATIENCE
    while not running.data("sessions", "search", "harbour")["hits"]:
        assert time.monotonic() < deadline
    running.ok("sessions", "clear", TERMINAL, "--erase", "--yes")
    assert not running.data("sessions", "search", "harbour")["hits"]


def test_the_status_says_why_there_is_no_index(argent, request):
    (argent.state / "search.db").mkdir(parents=True)
    running = request.getfixturevalue("running")
    problem = running.data("status")["gateway"]["search_problem"]
    assert "search.db cannot be written" in problem
    assert f"Search: {problem}" in running.ok("status")
    assert "offline demo" in running.ok("ask", "Do you work all the same?")
