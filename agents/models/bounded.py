"""Answers over HTTP that are read whole, as far as anything can be an answer."""

import aiohttp

LARGEST = 16 * 1024 * 1024
"""Bytes of an unpacked answer. The largest that a platform gives to a question of ours, a batch of
a hundred messages, has some two million."""


class BoundedResponse(aiohttp.ClientResponse):
    """Reads no more than `LARGEST` bytes at once: few that are packed can stand for very many.

    What is longer can be read piece by piece. aiohttp itself reads until there is no memory left.
    """

    async def read(self) -> bytes:
        """The whole body. Raises `aiohttp.ClientPayloadError` where it is too long."""
        if self._body is None and not self.content.at_eof():
            pieces, length = [], 0
            async for piece in self.content.iter_any():
                pieces.append(piece)
                length += len(piece)
                if length > LARGEST:
                    self.close()
                    raise aiohttp.ClientPayloadError(f"the answer is longer than {LARGEST} bytes")
            self._body = b"".join(pieces)
        return await super().read()
