"""Whatever an owner's file looks like, set-up adds what it was told and keeps the rest."""

import contextlib
import tomllib

import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from gateway.config import Settings
from gateway.setup.document import COVERED, CannotComplete, completed, hidden

LINES = st.sampled_from(
    [
        "# mine",
        "",
        "[agents.defaults]",
        "[agents.defaults.session]",
        "[agents]",
        "[models]",
        "[models.ollama]  # here",
        "[models.openai]",
        "[channels]",
        "[channels.telegram]",
        '[channels.telegram.chats."-5"]',
        "[channels.slack]",
        "[log]",
        'model = "offline"  # a demo',
        "attempts = 4",
        "'token' = '''1:old'''",
        'level = "debug"',
        "owners = [\n  1, # me\n  2,\n]",
        'channels = { telegram = { enabled = true, token = "1:old" } }',
        'models.openai.base_url = "http://x"',
        'channels.telegram.token = "1:dotted"',
        "  respond='always'",
    ]
)
CHANGES = st.dictionaries(
    st.sampled_from(
        [
            ("agents", "defaults", "model"),
            ("channels", "telegram", "token"),
            ("channels", "telegram", "owners"),
            ("channels", "telegram-work", "token"),
            ("channels", "slack", "app_token"),
            ("models", "openai", "api_key"),
            ("log", "level"),
        ]
    ),
    st.one_of(st.text(max_size=20), st.lists(st.text(max_size=5), max_size=3)),
    min_size=1,
)


def completed_or_told(text, changes):
    """The new text; None where it says that it cannot be done."""
    with contextlib.suppress(CannotComplete):
        return completed(text, changes, lambda path: f"What {path[-1]} is.", schema="s.json")
    return None


@given(st.lists(LINES, max_size=14).map("\n".join), CHANGES)
def test_what_was_there_stays_and_what_was_told_is_there(text, changes):
    try:
        before = tomllib.loads(text)
        tomlkit.parse(text)
    except ValueError:
        return
    new = completed_or_told(text, changes)
    if new is None:
        return
    after = tomllib.loads(new)
    for path, value in changes.items():
        below = after
        for name in path:
            below = below[name]
        assert below == value
    kept = [line for line in text.splitlines() if line.lstrip().startswith("#")]
    assert [line for line in kept if line not in new] == []
    for section in before:
        assert section in after


@given(CHANGES)
def test_a_new_file_is_what_was_told_and_nothing_else(changes):
    new = completed_or_told("", changes)
    assert new is not None
    assert new.startswith("#:schema ./s.json\n# Argent's settings.")
    for path in changes:
        assert path[-1] in new


@given(st.text(min_size=6, max_size=40))
def test_a_preview_shows_no_secret(secret):
    text = tomlkit.dumps(
        {"channels": {"telegram": {"token": f"1:{secret}"}}, "mcp": {"x": {"env": {"K": secret}}}}
    )
    shown = hidden(f"# token was {secret!s}\n" if secret.isprintable() else "", Settings)
    shown += hidden(text, Settings)
    assert tomllib.loads(hidden(text, Settings))["channels"]["telegram"]["token"] == COVERED
    assert f"1:{secret}" not in shown
