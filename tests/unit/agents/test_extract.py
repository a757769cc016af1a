"""The summary that needs no model."""

from agents.extract import clipped, extract
from agents.tokens import of_text
from agents.transcript import AssistantSays, Said, ToolResult, ToolsSay, UserSays


def small_talk(count: int) -> list[Said]:
    return [
        said
        for number in range(count)
        for said in (
            UserSays(f"Tell me something about the weather, part {'i' * number}"),
            AssistantSays("It is as it was before, as far as anybody can tell from here"),
        )
    ]


def test_facts_are_kept_and_filler_is_not() -> None:
    said: list[Said] = [
        UserSays("Hello! My dog is called Rex. He was born on 3 May 2019."),
        AssistantSays("Great! We decided to move /srv/data to eu-west-1."),
        UserSays("Thanks!"),
    ]
    assert extract(said, room=100).splitlines() == [
        "- My dog is called Rex.",
        "- He was born on 3 May 2019.",
        "- Assistant: We decided to move /srv/data to eu-west-1.",
    ]


def test_a_fact_is_found_among_small_talk() -> None:
    said = [*small_talk(20), UserSays("The deadline is 14 June, says Ann."), *small_talk(20)]
    assert "The deadline is 14 June, says Ann." in extract(said, room=60)


def test_something_of_every_part_is_kept_and_of_the_end_the_most() -> None:
    said = [UserSays(f"Note number {number} of the list") for number in range(80)]
    kept = [int(line.split()[3]) for line in extract(said, room=90).splitlines()]
    assert kept == sorted(kept)
    assert {number // 10 for number in kept} == set(range(8))
    tight = [int(line.split()[3]) for line in extract(said, room=20).splitlines()]
    assert min(tight) >= 50


def test_an_earlier_summary_keeps_half_of_the_room() -> None:
    previous = "\n".join(f"- Fact {number} is known" for number in range(50))
    said = [UserSays(f"Note number {number} of the list") for number in range(80)]
    lines = extract(said, room=200, previous=previous).splitlines()
    earlier = [line for line in lines if "Fact" in line]
    assert lines[: len(earlier)] == earlier
    assert 0.4 < of_text("\n".join(earlier)) / 200 < 0.6


def test_what_was_wished_goes_first() -> None:
    said = [*small_talk(10), UserSays("The address is opposite the old mill"), *small_talk(10)]
    assert "old mill" not in extract(said, room=30)
    assert "old mill" in extract(said, room=30, wish="keep all addresses")


def test_what_tools_printed_is_left_out() -> None:
    result = ToolResult("c1", "read", "secret 12345 in /etc/passwd")
    said: list[Said] = [UserSays("Look it up, Ann"), ToolsSay((result,)), AssistantSays("Done.")]
    assert "secret" not in extract(said, room=100)


def test_what_was_said_twice_is_kept_once() -> None:
    said = [UserSays("My flight is LH 123."), UserSays("my flight is LH 123.")]
    assert extract(said, room=100) == "- my flight is LH 123."


def test_one_sentence_too_long_is_kept_as_far_as_it_goes() -> None:
    text = extract([UserSays("alpha beta gamma delta " * 5)], room=5)
    assert text.startswith("- alpha beta")
    assert of_text(text) <= 5


def test_even_filler_is_better_than_nothing() -> None:
    assert extract([UserSays("Thanks!"), AssistantSays("OK")], room=20) == "Thanks!"
    assert extract([], room=20) == ""


def test_a_text_that_fits_is_not_clipped() -> None:
    assert clipped("four", 1) == "four"
    assert clipped("four and more", 0) == ""
