"""Answers as they look in Telegram."""

import pytest

from channels.telegram.format import (
    ENTITY_LIMIT,
    LINK_LIMIT,
    TEXT_LIMIT,
    Rendered,
    clean,
    is_blank,
    render,
    takes_link,
)
from tests.emulators import telegram_html

_SAMPLE = """\
# A *rich* answer

Some **bold, _nested_ and `code`** in ~~one~~ two lines,
with [a link](https://example.org/?a=1&b="2") and <https://auto.example.org>.

> Quoted **words**
>
> > nested once
>
> ```sh
> echo "in a quote" > /dev/null
> ```

1. First
1. Second, with a list:
   - inner `item`
     going on
   - [ ] open
   - [x] done
1. Third:

   ```python title="main.py"
   if a < b and b > c:
   \treturn "&"
   ```

## Tables

| Fruit | Price |
|:------|------:|
| Äpfel | 12.50 |
| 林檎  | 3     |

| Library | What it is good for | Where |
|---|---|---|
| asyncpg | fast access to PostgreSQL | [docs](https://example.org/asyncpg) |
| sqlite3 | | the standard library |

---

![A picture](https://example.org/a.png "Title") and [a file](./notes.md), [here](http://localhost:8080/).
<b>No HTML</b>, no <!channel>, but &copy; and a footnote[^1].

[^1]: The note.
[unused]: https://example.org/unused
"""


def _only(markdown: str) -> str:
    (message,) = render(markdown)
    assert telegram_html.parse(message.text)[0] == message.plain
    return message.text


def test_a_rich_answer(snapshot):
    (message,) = render(_SAMPLE)
    telegram_html.parse(message.text)
    assert message.text == snapshot
    assert message.plain == snapshot


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ('a < b & c > d "e"', 'a &lt; b &amp; c &gt; d "e"'),
        ("**a *b***", "<b>a <i>b</i></b>"),
        ("*a **b** c*", "<i>a </i><b><i>b</i></b><i> c</i>"),
        ("**a `b` c**", "<b>a </b><code>b</code><b> c</b>"),
        ("[**a** `b`](https://x.org)", '<a href="https://x.org"><b>a</b> b</a>'),
        ("```\na\n```", "<pre>a</pre>"),
        ('```a"b<c\nd\n```', '<pre><code class="language-a&quot;b&lt;c">d</code></pre>'),
        ("    a\n     b", "<pre>a\n b</pre>"),
        ("> a\n\n> b", "<blockquote>a</blockquote>\n\n<blockquote>b</blockquote>"),
        ("> a\n> > b\n> > c", "<blockquote>a\n\n&gt; b\n&gt; c</blockquote>"),
        ("- a\n\n- b", "• a\n\n• b"),
        ("- \n- a", "• \n• a"),
        ("1. ```\n   a\n   ```", "1. \n<pre>a</pre>"),
        ("- - a", "• \n    • a"),
        ("- a\n  b", "• a\n    b"),
        ("```py\n```", "py"),
        ("***", "──────────"),
        ("| a |\n|---|", "<pre>a\n─</pre>"),
    ],
)
def test_markdown_as_telegram_html(markdown, html):
    assert _only(markdown) == html


@pytest.mark.parametrize("blank", ["", " \n\t", "\x00\x1b", "\u200b\u202e", "\u2800", "\r\n"])
def test_what_cannot_be_seen_is_no_message(blank):
    assert render(blank) == ()


@pytest.mark.parametrize("source", ["```\n```", "[]()", "&#x200b;", "> ", "#", "[a]: <>"])
def test_markup_around_nothing_is_shown_as_it_was_written(source):
    (message,) = render(source)
    assert not is_blank(message.plain)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\x00b\x1bc", "a b c"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("a\u202eb\u202c", "ab"),
        ("a\x9bb\x85c\u2066d\u2069", "a b\ncd"),
        ("A\u030a \u030a", "Å "),
        ("\ud83d\ude00 \ud83d.", "😀 \ufffd."),
    ],
)
def test_characters_that_telegram_would_drop_or_refuse(text, cleaned):
    assert clean(text) == cleaned


def test_character_references_cannot_bring_them_back():
    assert _only("a&#0;b&#x202e;c&#x1b;d&#xD800;e") == "a\ufffdbc\ufffdd\ufffde"


def test_tabs_in_code_keep_its_shape():
    assert _only("```\na\n\tb\n```") == "<pre>a\n    b</pre>"


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("https://example.org/a?b=c#d", True),
        ("HTTP://EXAMPLE.ORG:8080", True),
        ("https://" + "a." * 1500 + "org", False),
        ("http://localhost:8000/", False),
        ("http://user.name@localhost/", False),
        ("https://[::1]/", False),
        ("https://[", False),
        ("https://example.org:99999/", False),
        ("https://exa mple.org/", False),
        ("tg://user?id=1", False),
        ("mailto:a@example.org", False),
        ("javascript:alert(1)", False),
        ("notes.md", False),
        ("", False),
    ],
)
def test_links_that_telegram_would_silently_drop_are_known(url, taken):
    assert takes_link(url) is taken


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("[a](notes.md) b", "a (notes.md) b"),
        ("[**a** b](x:y)", "<b>a</b> b (x:y)"),
        ("<me@example.org>", "me@example.org"),
        ("[write](mailto:me@example.org)", "write (me@example.org)"),
        ("[x](http://localhost)[y](http://localhost)", "xy (http://localhost)"),
        (f"[a](https://x.org/{'b' * LINK_LIMIT})", f"a (https://x.org/{'b' * LINK_LIMIT})"),
    ],
)
def test_a_link_that_telegram_does_not_take_shows_its_url(markdown, html):
    assert _only(markdown) == html


def test_a_long_answer_with_code_arrives_whole_and_valid():
    code = "".join(
        f"    value_{line} = compute({line}) < limit  # & so on\n" for line in range(230)
    )
    prose = "".join(f"Sentence {n} of **this** paragraph says `something` new. " for n in range(90))
    source = f"# Answer\n\n{prose}\n\n```python\ndef f():\n{code}```\n\n{prose}"
    assert len(source) > 20_000
    messages = render(source)
    found = []
    for message in messages:
        text, entities = telegram_html.parse(message.text)
        assert telegram_html.utf16_length(text) <= TEXT_LIMIT
        assert len(entities) <= ENTITY_LIMIT
        for entity in entities:
            if entity["type"] == "pre":
                assert entity["language"] == "python"
                found.append(text[entity["offset"] :][: entity["length"]])
    assert "\n".join(found) + "\n" == f"def f():\n{code}"
    words = source.replace("*", "").replace("`", "").replace("# Answer", "Answer").split()
    words.remove("python")
    assert " ".join(message.plain for message in messages).split() == words


def test_the_limit_counts_utf16_code_units():
    assert [len(message.plain) for message in render("😀" * 2049)] == [2048, 1]
    assert [len(message.plain) for message in render("ß" * 4097)] == [4096, 1]


def test_more_entities_than_telegram_reads_go_into_the_next_message():
    first, second = render("**a** " * 150)
    assert len(telegram_html.parse(first.text)[1]) == ENTITY_LIMIT
    assert len(telegram_html.parse(second.text)[1]) == 50


def test_words_without_markup_are_the_same_in_both_forms():
    assert render("just words") == (Rendered("just words", "just words"),)
