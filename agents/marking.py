"""Material from outside in what tools say, marked so that nothing inside can end it.

A mark is made of the material and a key that only this process has. Whoever wrote the material
cannot know its mark: to write it into the material would change the mark. The same material has the
same mark in every request, so that what providers and transcripts keep of it stays good.
"""

import hashlib
import hmac
import secrets

from agents.transcript import ToolResult

_KEY = secrets.token_bytes(32)
_LENGTH = 16


def marked(result: ToolResult) -> str:
    """A result as a model is shown it."""
    if not result.foreign:
        return result.content
    content = result.content.encode("utf-8", "surrogatepass")
    mark = hmac.new(_KEY, content, hashlib.sha256).hexdigest()[:_LENGTH]
    return f"[Material from outside, up to {mark}:]\n{result.content}\n[{mark}]"
