"""A demo model that needs no key and no network. It says what it is in every answer."""

import re
from collections.abc import AsyncGenerator, Sequence

from agents.models.model import ModelAnswer, ModelEvent, ModelRequest, TextDelta
from agents.models.sight import IMAGE, PDF, showable
from agents.tokens import of_said, of_text
from agents.transcript import Media, Said, ToolsSay, UserSays
from state.history import ToolCall, Usage

LABEL = "[offline demo]"
SET_A_MODEL = (
    "To talk to a real model, set OPENAI_API_KEY or ANTHROPIC_API_KEY, or start Ollama with a "
    "model, and restart. `argent models list` shows what is there; a model can also be named in "
    'argent.toml: `[agents.defaults]` `model = "openai:…"`.'
)

_TIME_TOOL = "current_time"
_GREETING = re.compile(
    r"\W*(hi|hello|hey|hallo|hola|bonjour|ciao|good (morning|day|evening))\b", re.IGNORECASE
)
_TIME = re.compile(
    r"\bwhat('s| is)? (the )?time\b|\btime is it\b|\bwhat day\b|\bdate today\b", re.IGNORECASE
)
_HELP = re.compile(
    r"\bhelp\b|\bwhat can you do\b|\bwho are you\b|\breal model\b|^/start", re.IGNORECASE
)
_LONGEST_QUOTE = 300


class OfflineModel:
    """Greets, repeats, remembers, and can ask for the time: enough to see Argent at work."""

    @property
    def name(self) -> str:
        """As configured."""
        return "offline"

    @property
    def window(self) -> int | None:
        """It has no limit worth knowing."""
        return None

    @property
    def takes(self) -> frozenset[str]:
        """It only says what it was shown."""
        return frozenset({IMAGE, PDF})

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """Run one call; the same request always gives the same words."""
        said, shown = _last_words(request)
        if _wants_time(request, said):
            call = ToolCall(f"offline-{len(request.transcript)}", _TIME_TOOL, "{}")
            yield ModelAnswer("", (call,), _usage(request, ""), self.name)
            return
        text = f"{LABEL} {_reply(request, said)}{_seen(shown)}"
        for word in re.findall(r"\S+\s*", text):
            yield TextDelta(word)
        yield ModelAnswer(text, usage=_usage(request, text), model=self.name)


def _last_words(request: ModelRequest) -> tuple[str, Sequence[Media]]:
    for said in reversed(request.turn):
        if isinstance(said, UserSays):
            text, shown = showable(said, () if request.blind else (IMAGE, PDF))
            return text.strip(), shown
    return "", ()


def _seen(shown: Sequence[Media]) -> str:
    """What it got beside words: it has no eyes, but it can tell the type and the size."""
    told = ", ".join(f"{media.mime} of {len(media.data)} bytes" for media in shown)
    return f" I was shown: {told}." if told else ""


def _wants_time(request: ModelRequest, said: str) -> bool:
    has_tool = any(tool.name == _TIME_TOOL for tool in request.tools)
    asked_already = any(isinstance(part, ToolsSay) for part in request.turn)
    return bool(has_tool and not request.conclude and not asked_already and _TIME.search(said))


def _reply(request: ModelRequest, said: str) -> str:
    last: Said | None = request.turn[-1] if request.turn else None
    if isinstance(last, ToolsSay):
        results = " ".join(result.content for result in last.results)
        return f"I asked the tool {last.results[0].name}, and it says: {results}"
    if _HELP.search(said):
        return (
            "I am a stand-in for a model: I repeat what you say, remember it, and can tell the "
            f"time when you ask what time it is. {SET_A_MODEL}"
        )
    greeting = "Hello! " if _GREETING.match(said) else ""
    return f"{greeting}You said: “{_quote(said)}”. {_memory(request)}"


def _memory(request: ModelRequest) -> str:
    """What shows that earlier messages are remembered; looks at the newest ones only."""
    earlier = next((s for s in reversed(request.transcript) if isinstance(s, UserSays)), None)
    if earlier is None:
        return (
            f"This is our first message; say something more and I will remember it. {SET_A_MODEL}"
        )
    return (
        f"You said earlier: “{_quote(earlier.text.strip())}”. "
        f"I remember {len(request.transcript)} earlier messages of this conversation."
    )


def _quote(text: str) -> str:
    return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…"


def _usage(request: ModelRequest, answer: str) -> Usage:
    return Usage(sum(of_said(said) for said in request.turn), of_text(answer))
