"""ULIDs: identifiers that sort by the time they were made (https://github.com/ulid/spec)."""

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ENTROPY_BYTES = 10


def ulid(milliseconds: int, entropy: bytes) -> str:
    """The 26-character ULID of a Unix time in milliseconds and ten random bytes.

    Raises ValueError when the time does not fit 48 bits or the entropy is not ten bytes.
    """
    if not 0 <= milliseconds < 1 << 48:
        raise ValueError(f"a ULID holds 48 bits of milliseconds, not {milliseconds}")
    if len(entropy) != ENTROPY_BYTES:
        raise ValueError(f"a ULID needs {ENTROPY_BYTES} bytes of entropy, not {len(entropy)}")
    number = milliseconds << 80 | int.from_bytes(entropy, "big")
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))
