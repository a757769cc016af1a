"""What a crash can leave of a file whose end was being written."""

import random
from collections.abc import Iterator
from itertools import chain, combinations


def torn(old: bytes, new: bytes, at: int, *, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """Every way the bytes of `new` from `at` can be torn, each at every byte.

    `old` is the file before the write; both agree before `at`.
    """
    chance = random.Random(seed)
    for cut in range(at, len(new) + 1):
        written, rest = new[:cut], len(new) - cut
        yield f"truncated at {cut}", written
        yield f"old content from {cut}", written + old[cut:]
        yield f"zeros from {cut}", written + bytes(rest)
        yield f"garbage from {cut}", written + chance.randbytes(rest)
        yield f"only what is behind {cut}", new[:at] + bytes(cut - at) + new[cut:]
        if cut < len(new):
            flipped = bytearray(new)
            flipped[cut] ^= 1 << chance.randrange(8)
            yield f"a bit flipped at {cut}", bytes(flipped)


def sectors(old: bytes, new: bytes, size: int) -> Iterator[tuple[str, bytes]]:
    """Every subset of the sectors that differ, at the old and at the new length."""
    padded = old + bytes(len(new) - len(old))
    starts = range(0, len(new), size)
    dirty = [s for s in starts if padded[s : s + size] != new[s : s + size]]
    subsets = chain.from_iterable(combinations(dirty, n) for n in range(len(dirty) + 1))
    for kept in subsets:
        image = bytearray(padded)
        for start in kept:
            image[start : start + size] = new[start : start + size]
        yield f"sectors {kept} of {size}", bytes(image)
        yield f"sectors {kept} of {size}, the old length", bytes(image[: len(old)])
