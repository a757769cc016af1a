"""Identifiers: ULIDs, which sort by the time they were made (https://github.com/ulid/spec), the
idempotency keys of what is sent, and the names of kept files."""

import hashlib
import re

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ENTROPY_BYTES = 10

_FILE_NAME = re.compile(r"[a-z0-9-][a-z0-9.-]{0,63}")


def ulid(milliseconds: int, entropy: bytes) -> str:
    """The 26-character ULID of a Unix time in milliseconds and ten random bytes.

    Raises ValueError when the time does not fit 48 bits or the entropy is not ten bytes.
    """
    if not 0 <= milliseconds < 1 << 48:
        raise ValueError(f"a ULID holds 48 bits of milliseconds, not {milliseconds}")
    if len(entropy) != ENTROPY_BYTES:
        raise ValueError(f"a ULID needs {ENTROPY_BYTES} bytes of entropy, not {len(entropy)}")
    number = milliseconds << 80 | int.from_bytes(entropy, "big")
    return "".join([_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5)])


def idempotency_key(account: str, source: str, index: int) -> str:
    """The key of a part of the answer to a message: 24 characters.

    It is the same for every attempt and after any restart, and short enough for a platform that
    takes 25 (https://discord.com/developers/docs/resources/message#create-message, `nonce`).
    """
    name = f"{account}\0{source}\0{index}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(name, digest_size=12).hexdigest()


def is_file_name(name: str) -> bool:
    """Whether a file may be kept under this name: the gateway's own, safe in any file system."""
    return _FILE_NAME.fullmatch(name) is not None
