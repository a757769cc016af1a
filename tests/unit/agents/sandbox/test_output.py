from hypothesis import given
from hypothesis import strategies as st

from agents.sandbox.output import Capture, Output


def captured(most: int, *chunks: bytes) -> Output:
    capture = Capture(most)
    for chunk in chunks:
        capture.add(chunk)
    return capture.output


def test_what_fits_is_kept_as_it_is() -> None:
    assert captured(10, b"hel", b"lo") == Output(b"hello"[:5], b"", 0)
    assert captured(10, b"hello there").text.startswith("hello")


def test_the_middle_is_dropped_and_the_text_says_so() -> None:
    output = captured(8, b"0123456789", b"abcdef")
    assert output == Output(b"0123", b"cdef", 8)
    assert output.text == "0123\n[… 8 bytes left out …]\ncdef"


def test_a_character_that_was_cut_in_two_leaves_no_mark() -> None:
    output = captured(6, "aé€€€€€€b".encode())
    assert "\N{REPLACEMENT CHARACTER}" not in output.text


def test_what_would_steer_a_terminal_is_replaced() -> None:
    text = captured(100, b"a\0b\033[2Jc\x9b\x7f\t\n\xff").text
    assert text == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}[2Jc" + (
        "\N{REPLACEMENT CHARACTER}" * 2 + "\t\n\N{REPLACEMENT CHARACTER}"
    )


@given(st.lists(st.binary(max_size=40)), st.integers(2, 64))
def test_the_beginning_and_the_end_are_kept_and_all_bytes_are_counted(
    chunks: list[bytes], most: int
) -> None:
    whole = b"".join(chunks)
    capture = Capture(most)
    heard = b"".join(capture.add(chunk) for chunk in chunks)
    output = capture.output
    assert len(output.head) + len(output.tail) + output.dropped == len(whole)
    assert len(output.head) + len(output.tail) <= most
    assert heard == output.head
    assert whole.startswith(output.head)
    assert whole.endswith(output.tail)
    if len(whole) <= most - 1:
        assert output.dropped == 0
        assert output.head + output.tail == whole


@given(st.binary())
def test_any_bytes_are_text_that_can_be_sent(data: bytes) -> None:
    text = captured(32, data).text
    assert text.encode("utf-8").decode() == text
    assert not set(text) & {chr(code) for code in range(32) if chr(code) not in "\t\n\r"}
