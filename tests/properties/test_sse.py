from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from agents.models.sse import Event, EventParser

ends = st.sampled_from([b"\n", b"\r", b"\r\n"])
lines = st.one_of(
    st.just(b""),
    st.sampled_from(
        [b"data", b"data:", b"data: x", b"data:  two", b":ping", b": c", b"id: 7", b"retry: 3"]
    ),
    st.sampled_from([b"event: error", b"event:", b"datax: no", b'data: {"a":1}', b"no colon"]),
    st.text("äß🙂 a:", max_size=6).map(lambda text: b"data: " + text.encode()),
)
streams = st.builds(
    lambda bom, parts: bom + b"".join(line + end for line, end in parts),
    st.sampled_from([b"", b"\xef\xbb\xbf"]),
    st.lists(st.tuples(lines, ends), max_size=30),
)


def reference(stream: bytes) -> list[Event]:
    """The standard's rules, over the whole stream at once."""
    text = stream.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    events, kind, data = [], b"", None
    for line in text.split(b"\n")[:-1]:
        if not line:
            if data is not None:
                events.append(Event(kind, data))
            kind, data = b"", None
        elif not line.startswith(b":"):
            name, _, value = line.partition(b":")
            value = value[1:] if value[:1] == b" " else value
            if name == b"data":
                data = value if data is None else data + b"\n" + value
            elif name == b"event":
                kind = value
    return events


@given(streams, st.lists(st.integers(0, 400), max_size=40))
def test_events_do_not_depend_on_where_the_stream_is_cut(stream: bytes, cuts: list[int]) -> None:
    parser = EventParser()
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    events = []
    for start, end in pairwise(places):
        events += parser.feed(stream[start:end])
    assert events == reference(stream)


@given(streams)
def test_events_are_the_same_byte_by_byte(stream: bytes) -> None:
    parser = EventParser()
    assert [e for byte in stream for e in parser.feed(bytes([byte]))] == reference(stream)
