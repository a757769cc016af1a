import orjson
from hypothesis import given
from hypothesis import strategies as st

from agents.models import anthropic_wire, openai_wire
from agents.models.body import Dialect
from agents.transcript import AssistantSays, Media, Said, ToolResult, ToolsSay, Transcript, UserSays
from state.history import ToolCall

texts = st.text(max_size=12)
calls = st.builds(ToolCall, texts, texts, st.sampled_from(["{}", '{"a":1}', "{broken", "[]"]))
pictures = st.builds(
    Media, st.sampled_from(["image/png", "application/pdf"]), st.binary(max_size=90), texts
)
said = st.one_of(
    st.builds(UserSays, texts, st.lists(pictures, max_size=2).map(tuple)),
    st.builds(AssistantSays, texts, st.lists(calls, max_size=3).map(tuple)),
    st.builds(
        ToolsSay,
        st.lists(st.builds(ToolResult, texts, texts, texts, st.booleans()), min_size=1).map(tuple),
    ),
)


@given(st.lists(st.lists(said, max_size=4), max_size=6))
def test_an_encoding_kept_while_growing_equals_the_encoding_of_the_whole(
    batches: list[list[Said]],
) -> None:
    for wire in (openai_wire, anthropic_wire):
        dialect = Dialect.of(wire.DIALECT, wire.encode, ("image",))
        grown = Transcript()
        for batch in batches:
            grown.extend(batch)
            grown.encoded(dialect.name, dialect.encode)
        whole = Transcript(part for batch in batches for part in batch)
        kept = b"".join(grown.encoded(dialect.name, dialect.encode))
        assert kept == b"".join(whole.encoded(dialect.name, dialect.encode))
        assert isinstance(orjson.loads(b"[" + kept + b"]"), list)


@given(st.lists(st.integers(0, 90_000), max_size=12), st.integers(1, 4))
def test_nothing_is_encoded_twice_and_no_kept_piece_ever_changes(
    sizes: list[int], batch: int
) -> None:
    encoded: list[Said] = []

    def encode(part: Said) -> bytes:
        encoded.append(part)
        return openai_wire.encode(part)

    transcript = Transcript()
    seen: list[tuple[list[bytes], list[bytes]]] = []
    for start in range(0, len(sizes), batch):
        transcript.extend(UserSays("x" * size) for size in sizes[start : start + batch])
        pieces = transcript.encoded("test", encode)
        seen.append((pieces, [bytes(piece) for piece in pieces]))
    assert encoded == list(transcript)
    assert all(pieces == copies for pieces, copies in seen)
    whole = orjson.loads(b"[" + b"".join(transcript.encoded("test", encode)) + b"]")
    assert [len(message["content"]) for message in whole] == sizes
