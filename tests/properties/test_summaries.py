"""Any conversation: its extract fits, and its portions hold every word in order."""

from hypothesis import given
from hypothesis import strategies as st

from agents.extract import clipped, extract
from agents.material import SMALLEST_PORTION, portions, told
from agents.tokens import of_text
from agents.transcript import AssistantSays, Said, ToolResult, ToolsSay, UserSays
from state.history import ToolCall

SCRAPS = ["tea", "12 cups", "Ann", "https://x.y/z", "ok.", "\n", "why?", "愛"]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300) | st.lists(
    st.sampled_from(SCRAPS), max_size=60
).map(" ".join)
RESULTS = st.lists(TEXT, min_size=1, max_size=4)


@st.composite
def conversations(draw: st.DrawFn) -> list[Said]:
    said: list[Said] = []
    for number in range(draw(st.integers(0, 6))):
        said.append(UserSays(draw(TEXT)))
        if draw(st.booleans()):
            results = [
                ToolResult(f"c{number}-{at}", "find", text) for at, text in enumerate(draw(RESULTS))
            ]
            calls = tuple(ToolCall(result.call, "find", draw(TEXT)) for result in results)
            said += [AssistantSays(draw(TEXT), calls), ToolsSay(tuple(results))]
        said.append(AssistantSays(draw(TEXT)))
    return said


@given(conversations(), st.integers(0, 400), TEXT, st.none() | TEXT)
def test_an_extract_fits_its_room_and_is_always_the_same(
    said: list[Said], room: int, previous: str, wish: str | None
) -> None:
    text = extract(said, room=room, previous=previous, wish=wish)
    assert of_text(text) <= room
    assert text == extract(said, room=room, previous=previous, wish=wish)


@given(TEXT, st.integers(0, 60))
def test_a_clipped_text_is_its_beginning_and_fits(text: str, room: int) -> None:
    short = clipped(text, room)
    assert of_text(short) <= room
    assert text.startswith(short.removesuffix("…"))


@given(conversations(), st.integers(SMALLEST_PORTION, 2_000))
def test_no_portion_is_longer_than_it_may_be_and_all_of_it_is_quoted(
    said: list[Said], size: int
) -> None:
    headings = {"Person:", "Assistant:", "Tools that the assistant used:"}
    headings |= {f"{heading[:-1]} (continued):" for heading in headings}
    for text in portions(told(said), size):
        assert of_text(text) <= size
        lines = text.split("\n")
        assert lines[0] in headings
        assert all(line in headings or line.startswith(">") for line in lines)


@given(conversations(), st.integers(SMALLEST_PORTION, 2_000))
def test_portions_keep_every_word_of_people_and_assistant_in_order(
    said: list[Said], size: int
) -> None:
    spoken = [each for each in said if not isinstance(each, ToolsSay)]
    expected = "".join("".join(each.text.split()) for each in spoken)
    kept = [
        line[2:]
        for text in portions(told(spoken), size)
        for line in text.split("\n")
        if line.startswith(">")
    ]
    assert "".join("".join(kept).split()) == expected


@given(conversations(), st.integers(SMALLEST_PORTION, 2_000))
def test_the_calls_of_a_step_and_their_results_are_in_one_portion(
    said: list[Said], size: int
) -> None:
    steps = sum(isinstance(each, ToolsSay) for each in said)
    text = "\n".join(portions(told(said), size))
    assert text.count("Tools that the assistant used:\n") == steps
    assert "used (continued)" not in text
