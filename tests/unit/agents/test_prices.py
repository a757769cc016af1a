"""What a model costs."""

import pytest
from pydantic import TypeAdapter, ValidationError

from agents.prices import FREE, Price, price_of
from state.history import Usage


def test_a_price_is_for_a_million_tokens():
    assert Price(2.5, 10).cost_micro(Usage(1_000_000, 100_000)) == 3_500_000


def test_what_came_from_the_cache_has_its_own_price_or_that_of_all_input():
    used = Usage(input=1_000, output=0, cached=400)
    assert Price(10, 0, 1).cost_micro(used) == 600 * 10 + 400
    assert Price(10, 0).cost_micro(used) == 10_000


def test_more_from_the_cache_than_was_read_costs_no_less_than_nothing():
    assert Price(10, 0, 1).cost_micro(Usage(input=5, cached=900)) == 5


@pytest.mark.parametrize(
    "name", ["openai:gpt-4o", "openai:gpt-4o-2024-08-06", "anthropic:claude-sonnet-4-5-20250929"]
)
def test_a_release_costs_what_its_model_costs(name):
    assert price_of(name) is not None


def test_a_model_that_only_sounds_alike_has_no_price():
    assert price_of("openai:gpt-4o-audio-preview") is None
    assert price_of("elsewhere:gpt-4o") is None
    assert price_of("unknown") is None


def test_what_runs_at_home_is_free():
    assert price_of("ollama:llama3") == price_of("offline") == FREE


def test_the_owners_price_goes_first():
    own = {"openai:gpt-4o": Price(1, 2), "ollama:llama3": Price(3, 4)}
    assert price_of("openai:gpt-4o", own) == Price(1, 2)
    assert price_of("ollama:llama3", own) == Price(3, 4)
    assert price_of("openai:gpt-4o-mini", own) == price_of("openai:gpt-4o-mini")


@pytest.mark.parametrize(
    "wrong",
    [
        {"input": 1},
        {"input": -1, "output": 1},
        {"input": 1, "output": "much"},
        {"input": 1, "output": 2, "outputs": 3},
        {"input": float("nan"), "output": 2},
    ],
)
def test_a_price_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValidationError):
        TypeAdapter(Price).validate_python(wrong)
