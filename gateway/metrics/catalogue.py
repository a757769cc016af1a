"""Every metric that there is: its name, its labels, and what it means. Pure.

Names follow https://prometheus.io/docs/practices/naming/: base units (seconds, bytes), and
``_total`` for what only grows. A label's values are few and known: accounts, models, tools and
closed sets. No chat, person or session is ever one.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What can be done with a metric's values."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """`buckets` are a histogram's upper bounds, in the unit of the name.

    Each is there once, and is itself alone: what is counted by it is found without a comparison.
    """

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()

    @property
    def series(self) -> tuple[str, ...]:
        """The names under which its values are collected."""
        if self.kind is Kind.HISTOGRAM:
            return tuple(f"{self.name}_{part}" for part in ("bucket", "count", "sum"))
        return (self.name,)


def _counter(name: str, text: str, *labels: str) -> Metric:
    return Metric(f"argent_{name}_total", Kind.COUNTER, text, labels)


def _gauge(name: str, text: str, *labels: str) -> Metric:
    return Metric(f"argent_{name}", Kind.GAUGE, text, labels)


def _histogram(name: str, buckets: tuple[float, ...], text: str, *labels: str) -> Metric:
    return Metric(f"argent_{name}", Kind.HISTOGRAM, text, labels, buckets)


_PEOPLE = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
"""What people and models take."""
_DISK = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
_LOOP = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)

# What comes in -------------------------------------------------------------------------------

ARRIVED = _counter(
    "messages_arrived",
    "What channels handed over: accepted (durable, and to be run), duplicate (known already), "
    "declined (too much at once), ignored (nobody who is let in), stranger (given a pairing code), "
    "set_aside (not understood, kept).",
    "channel",
    "result",
)
ENDED = _counter("messages_ended", "Accepted messages with their outcome.", "channel", "outcome")
MESSAGE_SECONDS = _histogram(
    "message_seconds", _PEOPLE, "From a message's acceptance to its outcome.", "channel"
)
PENDING = _gauge("messages_pending", "Accepted messages without an outcome.", "channel")
PENDING_AGE = _gauge(
    "messages_pending_oldest_seconds", "Age of the oldest message without an outcome.", "channel"
)

# What goes out -------------------------------------------------------------------------------

SENT = _counter("parts_sent", "Parts of answers that platforms took.", "channel")
REPEATED = _counter(
    "parts_repeated", "Of those, how many may have been there already: seen twice.", "channel"
)
FAILED_PARTS = _counter("parts_failed", "Parts that a platform refused for ever.", "channel")
RETRIED = _counter("parts_retried", "Attempts at a part that failed and are made again.", "channel")
UNKNOWN = _counter(
    "parts_unknown", "Of those, how many may have reached the platform all the same.", "channel"
)
SEND_SECONDS = _histogram(
    "send_seconds", _PEOPLE, "A platform's call for a part that it took.", "channel"
)
FLOODS = _counter("flood_waits", "Calls that a platform answered with a wait.", "channel")
FLOOD_SECONDS = _counter("flood_wait_seconds", "How long platforms asked to wait.", "channel")
OWED = _gauge("parts_owed", "Parts that are stored and not sent yet.", "channel")
OWED_AGE = _gauge("parts_owed_oldest_seconds", "Age of the oldest part that is owed.", "channel")
IN_DOUBT = _gauge(
    "parts_in_doubt", "Owed parts that their platform may have taken already.", "channel"
)

# Channels ------------------------------------------------------------------------------------

CONDITION = _gauge(
    "channel_condition",
    "1 for the condition that an account is in, 0 for the others.",
    "channel",
    "kind",
    "condition",
)
LAG = _gauge(
    "channel_lag_seconds", "How long the newest message was under way from its sender.", "channel"
)
SILENCE = _gauge(
    "channel_silence_seconds", "Since the platform last proved that it hears us.", "channel"
)
CONNECTIONS = _counter("channel_connections", "Connections to the platform so far.", "channel")

# Turns and models ----------------------------------------------------------------------------

TURNS = _counter(
    "turns", "Turns of an agent, by how they ended: finished, stopped, failed.", "model", "end"
)
TURN_SECONDS = _histogram(
    "turn_seconds", _PEOPLE, "A turn from its place to its end, with its tools.", "model"
)
TURN_WAIT = _histogram(
    "turn_wait_seconds", _PEOPLE, "How long turns waited for a place (gateway.max_turns)."
)
FIRST_WORDS = _histogram(
    "first_words_seconds",
    _PEOPLE,
    "From a turn's wish for a place to its first words.",
    "channel",
)
CALL_SECONDS = _histogram("model_call_seconds", _PEOPLE, "A call that a model answered.", "model")
CALL_FIRST_WORDS = _histogram(
    "model_first_words_seconds", _PEOPLE, "From a model's call to its first words.", "model"
)
MODEL_ERRORS = _counter("model_errors", "Calls that failed, by what went wrong.", "model", "code")
MODEL_RETRIES = _counter("model_retries", "Failed calls that were followed by another.", "model")
RESTING = _gauge(
    "model_resting", "1 while a model is not asked because it failed again and again.", "model"
)
TOKENS = _counter(
    "tokens",
    "Tokens of answers, summaries and titles, as providers counted them; cached ones are input.",
    "model",
    "kind",
)
COST = _counter("cost_dollars", "What those cost, in US dollars.", "model")
UNPRICED = _counter("tokens_unpriced", "Tokens of models whose price nobody knows.", "model")
TOOLS = _counter("tool_calls", "Calls of tools, by how they ended: done, failed.", "tool", "result")
TOOL_SECONDS = _counter("tool_seconds", "Time that tools took, all calls together.", "tool")
COMPACTIONS = _counter(
    "compactions", "Contexts that were made shorter, by why, and with or without a summary.",
    "reason", "summarised",
)  # fmt: skip

# Queues and sessions -------------------------------------------------------------------------

TURNS_RUNNING = _gauge("turns_running", "Turns that run now.")
TURNS_WAITING = _gauge("turns_waiting", "Turns that wait for a place.")
WORKING = _gauge("sessions_working", "Sessions with something to do.")
QUEUED = _gauge("parts_queued", "Parts in memory, under way or waiting for their turn.")
SESSIONS = _gauge("sessions", "Sessions by the phase of their life.", "phase")

# The process and its disk --------------------------------------------------------------------

LOOP_LAG = _histogram("loop_lag_seconds", _LOOP, "How late the event loop was, ten times a second.")
LOOP_WORST = _gauge("loop_lag_worst_seconds", "The latest that the event loop ever was.")
STALLS = _counter("loop_stalls", "How often it was late by 0.1 s or more.")
SYNC_SECONDS = _histogram(
    "storage_sync_seconds", _DISK, "How long it took to make what was written durable.", "store"
)
STORAGE_PROBLEM = _gauge("storage_problem", "1 while the disk refuses what must be stored.")
SEARCH_PROBLEM = _gauge("search_problem", "1 while there is no index for searching.")
SANDBOX_PROBLEM = _gauge("sandbox_problem", "1 while commands cannot be run in a sandbox.")
LIVE = _gauge("live", "1 while the gateway lives, as /healthz says.")
READY = _gauge("ready", "1 while the gateway is ready, as /readyz says.")
BUILD = _gauge("build_info", "Always 1; the labels say what runs.", "version", "python")

_PROCESS = (
    Metric("process_cpu_seconds_total", Kind.COUNTER, "CPU time, user and system."),
    Metric("process_open_fds", Kind.GAUGE, "Open file descriptors."),
    Metric("process_max_fds", Kind.GAUGE, "The most descriptors that the process may open."),
    Metric("process_resident_memory_bytes", Kind.GAUGE, "Memory in use."),
    Metric("process_virtual_memory_bytes", Kind.GAUGE, "Address space in use."),
    Metric("process_start_time_seconds", Kind.GAUGE, "When it started, as Unix time."),
)
"""As `prometheus_client.ProcessCollector` names them; on Linux alone."""

OWN = tuple(each for each in list(globals().values()) if isinstance(each, Metric))
"""Those that are counted and read here, in the order above."""

CATALOGUE = (*OWN, *_PROCESS)
"""All of them."""
