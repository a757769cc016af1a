"""Reading the web: public addresses only, as text, and as material from outside."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from agents.tools.tool import Toolbox
from agents.transcript import ToolResult
from channels.fetching import Fetcher
from gateway.tools.fetch import fetch_tool
from gateway.tools.readable import of_html
from state.history import ToolCall
from tests.unit.channels.test_fetching import SPECIAL, Canary, Names, canary, serving

__all__ = ["canary"]


@asynccontextmanager
async def a_toolbox(fetcher: Fetcher) -> AsyncIterator[Toolbox]:
    try:
        yield Toolbox([fetch_tool(fetcher)])
    finally:
        await fetcher.close()


async def fetched(toolbox: Toolbox, url: str, **more: int) -> ToolResult:
    return await toolbox.call(ToolCall("c1", "fetch", json.dumps({"url": url, **more})))


async def shown(body: bytes, content_type: str, **more: int) -> ToolResult:
    """What a model is shown of a page."""

    def answer(_: web.Request) -> web.Response:
        return web.Response(body=body, headers={"Content-Type": content_type})

    async with serving(answer) as host, a_toolbox(Fetcher(trusted=[host.root])) as toolbox:
        return await fetched(toolbox, f"{host.root}/page", **more)


async def test_a_page_reads_as_text_and_is_marked_as_foreign() -> None:
    page = b"<title>News</title><p>Hello <b>you</b><script>evil()</script><p>Bye"
    result = await shown(page, "text/html; charset=utf-8")
    assert not result.failed
    assert result.foreign
    assert "News\n\nHello you\nBye" in result.content
    assert "evil" not in result.content


async def test_words_are_read_in_the_encoding_that_the_host_names() -> None:
    assert (
        "größer" in (await shown("größer".encode("latin-1"), "text/plain; charset=latin-1")).content
    )
    unpacks = await shown(b"plain", "text/plain; charset=zlib")
    assert "plain" in unpacks.content


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"%PDF-1.7 ...", "application/pdf"),
        (b"\x89PNG\r\n\0", "image/png"),
        (b"PK\x03\x04\0", "application/octet-stream"),
        (b"MZ\0\0", "text/plain"),
    ],
)
async def test_what_is_no_text_is_named_and_not_shown(body: bytes, kind: str) -> None:
    result = await shown(body, kind)
    assert result.failed
    assert result.foreign
    assert kind in result.content


async def test_a_long_text_is_read_piece_by_piece() -> None:
    body = ("x" * 19_999 + "y") * 2
    first = await shown(body.encode(), "text/plain")
    assert "go on with first=20000" in first.content
    last = await shown(body.encode(), "text/plain", first=20_000)
    assert "go on" not in last.content
    beyond = await shown(body.encode(), "text/plain", first=90_000)
    assert "nothing to read there" in beyond.content


@pytest.mark.parametrize("address", SPECIAL)
async def test_no_address_inside_is_connected_to(address: str, canary: Canary) -> None:
    fetcher = Fetcher(everywhere=True, resolver=Names(canary.port, [address]))
    async with a_toolbox(fetcher) as toolbox:
        result = await fetched(toolbox, "http://harmless.example/")
    assert result.failed
    assert canary.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://localhost/",
        "http://2130706433/",
        "https://example.org:8443/",
        "http://user:word@example.org/",
        "file:///etc/passwd",
        "ftp://example.org/",
        "gopher://example.org/",
        "//example.org",
        "nonsense",
    ],
)
async def test_other_addresses_are_refused_in_words(url: str) -> None:
    async with a_toolbox(Fetcher(everywhere=True)) as toolbox:
        result = await fetched(toolbox, url)
    assert result.failed
    assert result.content.startswith("Not fetched: ")


async def test_a_page_cannot_lead_inside_by_a_redirect(canary: Canary) -> None:
    def answer(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "http://inside.example/"})

    async with serving(answer) as host:
        names = Names(canary.port, ["127.0.0.1"])
        fetcher = Fetcher(trusted=[host.root], everywhere=True, resolver=names)
        async with a_toolbox(fetcher) as toolbox:
            result = await fetched(toolbox, f"{host.root}/")
    assert result.failed
    assert canary.connections == 0


def test_links_say_where_they_lead() -> None:
    page = (
        "<a href='/a?b=1&amp;c=2'>here</a> <a href='javascript:evil()'>not</a> <a href='#x'>up</a>"
    )
    assert of_html(page, "https://e.example/p") == "here <https://e.example/a?b=1&c=2> not up"


@given(st.text(alphabet="<>/!-?ab &#;='\"scriptyle\n", max_size=200))
def test_any_page_reads_as_something(page: str) -> None:
    text = of_html(page, "https://e.example/")
    assert "\n\n\n" not in text


@given(st.text(alphabet="abc ", min_size=1, max_size=50))
def test_words_between_markup_are_kept(words: str) -> None:
    assert of_html(f"<div><p>{words}</p></div>", "https://e.example/") == " ".join(words.split())
