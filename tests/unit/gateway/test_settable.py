"""What can be set for a session, as people write it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.settable import (
    LONGEST_TITLE,
    NAMES,
    Change,
    InvalidChoice,
    applied,
    assignment,
    change,
)
from state.choices import NO_CHOICES, Choices, Persistence
from state.codec import session_from_json, session_to_json
from state.keys import SessionKey
from state.session import Session

KEY = SessionKey.parse("telegram:123:dm")
SESSION = Session.begin(KEY, agent="main", at=datetime(2026, 1, 30, 10, tzinfo=UTC))


def after(*texts: str, session: Session = SESSION) -> Session:
    return applied(session, [assignment(text) for text in texts])


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("model=openai:gpt-5", Choices(model="openai:gpt-5")),
        ("model= auto ", Choices(model="auto")),
        ("skill=letters", Choices(skill="letters")),
        ("skill=off", Choices(skill="")),
        ("tools=current_time, web__*", Choices(tools=("current_time", "web__*"))),
        ("tools=all", Choices(tools=("*",))),
        ("tools=None", Choices(tools=())),
        ("mcp=files", Choices(mcp=("files",))),
        ("system_prompt=Be = brief.", Choices(system_prompt="Be = brief.")),
        ("persistence=never", Choices(persistence=Persistence.NEVER)),
        ("options.temperature=0.2", Choices(options={"temperature": 0.2})),
        ("options.seed=7", Choices(options={"seed": 7})),
        ("options.stop=END", Choices(options={"stop": "END"})),
        ('options.stop="7"', Choices(options={"stop": "7"})),
        ("options.logprobs=true", Choices(options={"logprobs": True})),
        ("options.x=NaN", Choices(options={"x": "NaN"})),
    ],
)
def test_a_value_is_read_as_it_is_written(text: str, choices: Choices):
    assert after(text).choices == choices


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("model", "write NAME=VALUE"),
        ("modle=x", "did you mean model?"),
        ("zzz=x", "it is one of model, options"),
        ("model.x=y", "'model.x' is nothing that can be set"),
        ("model=gpt-5", "did you mean openai:gpt-5?"),
        ("skill=A B", "'A B' is no skill's name"),
        ("tools=a;b", "'a;b' cannot stand for tools"),
        ("persistence=perhaps", "'perhaps' is not one of always, never, ask"),
        (f"title={'x' * (LONGEST_TITLE + 1)}", "shorten it"),
        (f"system_prompt={'x' * 20_001}", "shorten it"),
        ("options=temperature", "write one option at a time"),
        ("options.=1", "'' is no option's name"),
        ("options.a b=1", "'a b' is no option's name"),
        ("options.x=[1]", "[1] is no number, text, true or false"),
        ("options.x=null", "null is no number, text, true or false"),
        ("options.max_tokens=5", "max_output_tokens sets it"),
    ],
)
def test_what_cannot_be_set_is_told_with_the_remedy(text: str, told: str):
    with pytest.raises(InvalidChoice) as refused:
        after(text)
    assert told in str(refused.value)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "options"])
@pytest.mark.parametrize("written", ["", " ", "default", "Default"])
def test_nothing_and_default_take_a_choice_back(name: str, written: str):
    assert change(name, written) == Change(name, None)


def test_a_choice_that_is_taken_back_is_as_if_it_was_never_made():
    chosen = after("model=offline", "skill=off", "tools=none", "options.seed=7", "title=Trip")
    assert after("model=", "skill=", "tools=", "options=", "title=", session=chosen) == SESSION


def test_options_are_set_one_by_one():
    chosen = after("options.temperature=0.2", "options.seed=7")
    assert after("options.seed=", session=chosen).choices.options == {"temperature": 0.2}
    assert after("options.seed=", "options.temperature=", session=chosen).choices == NO_CHOICES


def test_a_session_has_so_many_options():
    with pytest.raises(InvalidChoice, match="at most 50 options"):
        after(*(f"options.o{number}=1" for number in range(51)))


def test_a_title_is_one_line_that_shows_what_is_in_it_and_is_nobody_elses():
    made = replace(SESSION, title="made from words", titled=True)
    titled = after("title= A \n trip\u202e ", session=made)
    assert (titled.title, titled.titled) == ("A trip\\u202e", False)


@given(st.sampled_from([*NAMES, "options.x"]), st.text(max_size=200))
def test_whatever_is_written_can_be_kept_or_is_refused(name: str, written: str):
    try:
        session = applied(SESSION, [change(name, written)])
    except InvalidChoice:
        return
    facts = session_to_json(session)
    assert session_to_json(session_from_json(facts)) == facts
