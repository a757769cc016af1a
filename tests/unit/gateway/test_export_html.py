"""A conversation as a page that can be opened anywhere and does nothing."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.export_html import as_html
from gateway.export_markup import markup
from state.history import SummaryEntry
from tests.properties.entries import ENTRY, sessions
from tests.unit.gateway.test_export import AT, ENTRIES, SESSION

VOID = {"meta", "hr", "br"}
KNOWN = {
    "html", "head", "meta", "title", "style", "body", "header", "main", "article", "h1", "h2",
    "h3", "h4", "h5", "h6", "dl", "dt", "dd", "p", "pre", "code", "strong", "em", "s", "a",
    "blockquote", "ul", "ol", "li", "table", "tr", "th", "td", "hr", "br", "time", "details",
    "summary",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "name", "content", "http-equiv", "id", "class", "datetime", "href", "rel",
    "start",
}  # fmt: skip


class Page(HTMLParser):
    """What a browser would make of a page; fails for anything that could do or fetch something."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        assert tag in KNOWN
        for name, value in attrs:
            assert name in ATTRIBUTES, f"{tag} {name}={value}"
            if name == "href":
                self.links.append(value)
            if name == "id":
                self.ids.append(value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join("".join(self.text).split())


def test_the_page_tells_who_said_what_and_what_became_of_it():
    page = Page(as_html(SESSION, ENTRIES))
    spoken = [
        "telegram:1:main",
        "Friday, 2026-01-30",
        "Jason 10:00 UTC",
        "quotes Ann",
        "two lines",
        "What is in it?",
        "document: a.pdf",
        "Calls read",
        "Tool answered",
        "``` fenced ```",
        "A letter.",
        "file: letter.txt (text/plain)",
        "Jason corrected an earlier message",
        "Deleted: an earlier message",
        "Argent 10:00 UTC",
    ]
    places = [page.words.find(words) for words in spoken]
    assert -1 not in places
    assert places == sorted(places)


def test_a_correction_and_a_deletion_lead_to_the_message_they_are_about():
    page = Page(as_html(SESSION, ENTRIES))
    assert page.links == ["#entry-0", "#entry-0"]
    assert "entry-0" in page.ids


def test_what_tools_did_is_folded():
    html = as_html(SESSION, ENTRIES)
    assert "<details>\n<summary>read</summary>" in html
    assert "<details open" not in html


def test_a_summary_says_what_it_stands_for():
    page = Page(as_html(SESSION, [SummaryEntry("s", AT, "They **met**.", ("q", "a"), 12)]))
    assert "Summary of 12 messages" in page.words
    assert "They met." in page.words


def test_the_page_forbids_itself_everything_but_its_own_style():
    html = as_html(SESSION, ENTRIES)
    assert "default-src 'none'" in html
    assert "color-scheme: light dark" in html


def test_markdown_reads_as_it_does_in_a_chat():
    html = markup("# One\n\n- *a*\n- `b`\n\n3. c\n\n> d\n\n| x | y |\n|---|--:|\n| 1 | 2 |\n\n---")
    for part in ("<h4>One</h4>", "<li><em>a</em></li>", "<code>b</code>", '<ol start="3">',
                 "<blockquote>", '<td class="right">2</td>', "<hr>"):  # fmt: skip
        assert part in html


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "//host/x", "x.html"]
)
def test_a_link_that_does_not_lead_to_the_web_is_only_shown(link):
    page = Page(markup(f"[look]({link})"))
    assert page.links == []
    assert "look" in page.words
    assert link in page.words


def test_a_link_to_the_web_is_one_and_tells_nobody_where_it_was_read():
    html = markup('[look](https://example.org/?a=1&b="2")')
    assert Page(html).links == ["https://example.org/?a=1&b=%222%22"]
    assert 'rel="noopener noreferrer nofollow"' in html


WILD = (
    "<script>alert(1)</script><img src=x onerror=y>\"'&amp;\x00\x1b[2J\u202e</style></title><!--"
    "\ud800"
)


def test_hostile_words_stay_words_wherever_they_stand():
    session = replace(SESSION, title=WILD)
    entries = [replace(e, content=WILD) if hasattr(e, "content") else e for e in ENTRIES]
    entries[0] = replace(entries[0], sender=replace(entries[0].sender, name=WILD))
    html = as_html(session, entries)
    assert "<script>alert(1)</script>" in Page(html).words
    assert not {"\x00", "\x1b", "\u202e", "\ud800"} & set(html)


@given(sessions(), st.lists(ENTRY, max_size=6))
def test_any_conversation_is_a_whole_page(session, entries):
    Page(as_html(session, entries))
