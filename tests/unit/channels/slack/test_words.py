"""What people type, as Slack keeps it and as the agent reads it."""

import pytest

from channels.slack.identity import Identity
from channels.slack.known import Person
from channels.slack.words import words

ME = Identity("slack", "T1", "UBOT", "B1", "argent", commands=frozenset({"status", "help"}))
PEOPLE = {"U1": Person("Alice Moss", "alice")}


@pytest.mark.parametrize(
    ("kept", "text", "mentioned"),
    [
        ("plain", "plain", False),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2", False),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;", False),
        ("<@UBOT> hello", "hello", True),
        ("  <@UBOT|argent>, hello", "hello", True),
        ("<@UBOT>", "@argent", True),
        ("<@UBOT> status", "/status", True),
        ("<@UBOT>: Status ", "/status", True),
        ("<@UBOT> status please", "status please", True),
        ("<@UBOT> /status now", "/status now", True),
        ("ask <@UBOT> about it", "ask @argent about it", True),
        ("<@U1> and <@U2|bob> and <@U3>", "@Alice Moss and @bob and @U3", False),
        ("see <#C1|general> or <#C2>", "see #general or #C2", False),
        ("<!here> <!channel>", "@here @channel", False),
        ("<!subteam^S1|@team> <!date^1^x|today>", "@team today", False),
        ("<https://x.org/?a=1&amp;b=2>", "https://x.org/?a=1&b=2", False),
        ("<https://x.org|x.org> <https://y.org|why>", "https://x.org why (https://y.org)", False),
        ("<mailto:a@b.org|a@b.org>", "a@b.org", False),
        ("a <b c", "a <b c", False),
        ("<>", "", False),
        ("half \ud83d an emoji", "half ? an emoji", False),
    ],
)  # fmt: skip
def test_words(kept, text, mentioned):
    said = words(kept, ME, PEOPLE)
    assert (said.text, said.mentioned) == (text, mentioned)


@pytest.mark.parametrize("text", [None, 7, ["x"], {}])
def test_a_text_that_is_none_is_an_error(text):
    with pytest.raises(TypeError):
        words(text, ME, PEOPLE)
