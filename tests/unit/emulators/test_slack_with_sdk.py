"""The emulator under Slack's own blocking clients, which share no transport with the adapter."""

import asyncio
import queue
from collections.abc import AsyncIterator
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from tests.emulators.slack import SlackEmulator, flood, refused


@pytest.fixture
async def sl() -> AsyncIterator[SlackEmulator]:
    async with SlackEmulator() as emulator:
        yield emulator


@pytest.fixture
def web(sl: SlackEmulator) -> WebClient:
    return WebClient(token=sl.token, base_url=sl.api_root)


async def test_who_the_bot_is(sl, web):
    me = await asyncio.to_thread(web.auth_test)
    assert (me["user_id"], me["bot_id"], me["team_id"]) == (
        sl.world.bot_user,
        sl.world.bot_id,
        "T0EMULATED",
    )


async def test_a_message_is_sent_edited_and_deleted(sl, web):
    general = sl.channel("general")
    sent = await asyncio.to_thread(web.chat_postMessage, channel=general.id, text="a &lt; b")
    (shown,) = await sl.sent(general, 1)
    assert (shown.text, shown.ts) == ("a < b", sent["ts"])
    await asyncio.to_thread(web.chat_update, channel=general.id, ts=sent["ts"], text="c")
    assert sl.edits == [(general.id, sent["ts"], "c")]
    await asyncio.to_thread(web.chat_delete, channel=general.id, ts=sent["ts"])
    history = await asyncio.to_thread(web.conversations_history, channel=general.id)
    assert history["messages"] == []


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"text": " "}, "no_text"),
        ({"markdown_text": "x" * 12_001}, "msg_too_long"),
        ({"text": "x", "blocks": [{"type": "nonsense"}]}, "invalid_blocks"),
        ({"text": "x", "thread_ts": "1.000001"}, "thread_not_found"),
    ],
)
async def test_what_slack_refuses_it_refuses(sl, web, arguments, error):
    arguments = {"channel": sl.channel("general").id, **arguments}
    with pytest.raises(SlackApiError) as caught:
        await asyncio.to_thread(web.api_call, "chat.postMessage", json=arguments)
    assert caught.value.response["error"] == error


async def test_places_that_cannot_be_written_to(sl, web):
    outside, archived = sl.channel("outside", joined=False), sl.channel("old")
    archived.archived = True
    for channel, error in ((outside, "not_in_channel"), (archived, "is_archived")):
        with pytest.raises(SlackApiError) as caught:
            await asyncio.to_thread(web.chat_postMessage, channel=channel.id, text="x")
        assert caught.value.response["error"] == error


async def test_a_revoked_token_and_a_flood_are_told_as_slack_tells_them(sl, web):
    sl.faults.next("auth.test", flood(30), refused("token_revoked"))
    with pytest.raises(SlackApiError) as caught:
        await asyncio.to_thread(web.auth_test)
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "30"
    with pytest.raises(SlackApiError, match="token_revoked"):
        await asyncio.to_thread(web.auth_test)


async def test_history_comes_in_pages_and_threads_apart(sl, web):
    alice, general = sl.user("Alice"), sl.channel("general")
    roots = [await alice.says(f"root {n}", in_=general) for n in range(5)]
    for n in range(3):
        await alice.says(f"reply {n}", in_=general, thread=roots[0])

    def everything():
        pages = web.conversations_history(channel=general.id, limit=2, oldest=roots[0])
        history = [m["text"] for page in pages for m in page["messages"]]
        replies = web.conversations_replies(channel=general.id, ts=roots[0])["messages"]
        return history, [m["text"] for m in replies]

    history, replies = await asyncio.to_thread(everything)
    assert history == ["root 4", "root 3", "root 2", "root 1"]
    assert replies == ["root 0", "reply 0", "reply 1", "reply 2"]


async def test_an_edit_keeps_metadata_and_is_told(sl, web):
    general = sl.channel("general")
    mark = {"event_type": "mark", "event_payload": {"key": "1"}}
    rich = [{"type": "rich_text", "elements": [
        {"type": "rich_text_section", "elements": [{"type": "text", "text": "b"}]}]}]  # fmt: skip

    def stands():
        history = web.conversations_history(channel=general.id, include_all_metadata=True)
        (message,) = history["messages"]
        return message

    def change():
        ts = web.chat_postMessage(channel=general.id, text="a", blocks=rich, metadata=mark)["ts"]
        web.chat_update(channel=general.id, ts=ts, text="b", blocks=rich)
        (kept,) = web.conversations_history(channel=general.id, include_all_metadata=True)[
            "messages"
        ]
        web.chat_update(channel=general.id, ts=ts, text="b", blocks=rich, metadata={})
        (bare,) = web.conversations_history(channel=general.id, include_all_metadata=True)[
            "messages"
        ]
        with pytest.raises(SlackApiError, match="block_mismatch"):
            web.chat_update(channel=general.id, ts=ts, text="c", blocks=[{"type": "divider"}])
        with pytest.raises(SlackApiError, match="msg_too_long"):
            web.chat_update(channel=general.id, ts=ts, text="x" * 4_001)
        return kept, bare

    kept, bare = await asyncio.to_thread(change)
    assert kept["metadata"] == mark
    assert "metadata" not in bare
    assert "edited" not in kept
    told = [d.payload["event"] for d in sl.deliveries.all]
    assert [event.get("subtype") for event in told] == [None, "message_changed", "message_changed"]


async def test_messages_of_others_and_messages_that_are_gone_cannot_be_changed(sl, web):
    general = sl.channel("general")
    said = await sl.user("Alice").says("hi", in_=general)

    def change(method, ts):
        with pytest.raises(SlackApiError) as caught:
            web.api_call(method, json={"channel": general.id, "ts": ts, "text": "x"})
        return caught.value.response["error"]

    assert await asyncio.to_thread(change, "chat.update", said) == "cant_update_message"
    assert await asyncio.to_thread(change, "chat.delete", said) == "cant_delete_message"
    for method in ("chat.update", "chat.delete"):
        assert await asyncio.to_thread(change, method, "1.000001") == "message_not_found"


async def test_reactions_are_given_and_taken_back_once(sl, web):
    general = sl.channel("general")
    said = await sl.user("Alice").says("hi", in_=general)
    place = {"channel": general.id, "timestamp": str(said)}

    def react():
        web.reactions_add(name="eyes", **place)
        with pytest.raises(SlackApiError, match="already_reacted"):
            web.reactions_add(name="eyes", **place)
        seen = web.reactions_get(**place)["message"]["reactions"]
        web.reactions_remove(name="eyes", **place)
        with pytest.raises(SlackApiError, match="no_reaction"):
            web.reactions_remove(name="eyes", **place)
        with pytest.raises(SlackApiError, match="message_not_found"):
            web.reactions_add(name="eyes", channel=general.id, timestamp="1.000001")
        return seen

    (eyes,) = await asyncio.to_thread(react)
    assert (eyes["name"], eyes["users"]) == ("eyes", [sl.world.bot_user])
    assert sl.methods.reactions == []


async def test_a_file_goes_up_and_comes_down(sl, web):
    general = sl.channel("general")
    root = await sl.user("Alice").says("hi", in_=general)
    done = await asyncio.to_thread(
        web.files_upload_v2, channel=general.id, thread_ts=str(root), content="hello",
        filename="a.txt", title="A", initial_comment="here",
    )  # fmt: skip
    (upload,) = general.uploads
    assert (upload.name, upload.title, upload.content) == ("a.txt", "A", b"hello")
    assert (upload.thread, upload.text) == (root, "here")
    about = (await asyncio.to_thread(web.files_info, file=done["file"]["id"]))["file"]
    assert about["shares"]["public"][general.id][0]["ts"] == upload.ts

    def fetch(token):
        headers = {"Authorization": f"Bearer {token}"}
        with urlopen(Request(about["url_private"], headers=headers)) as answer:
            return answer.headers.get_content_type(), answer.read()

    assert (await asyncio.to_thread(fetch, sl.token))[1] == b"hello"
    kind, page = await asyncio.to_thread(fetch, "xoxb-of-somebody-else")
    assert kind == "text/html"
    assert b"Sign in" in page


async def test_content_of_another_length_than_announced_is_refused(sl, web):
    def upload():
        step = web.files_getUploadURLExternal(filename="a.txt", length=5)
        with pytest.raises(HTTPError):
            urlopen(Request(step["upload_url"], data=b"hi", method="POST"))
        with pytest.raises(SlackApiError, match="file_not_found"):
            web.files_completeUploadExternal(files=[{"id": step["file_id"]}])

    await asyncio.to_thread(upload)


async def test_a_press_comes_over_the_socket_with_its_value(sl, web):
    alice, came = sl.user("Alice"), queue.Queue()
    button = {"type": "button", "action_id": "go", "value": "now",
              "text": {"type": "plain_text", "text": "Go"}}  # fmt: skip
    blocks = [{"type": "actions", "elements": [button]}]
    sent = await asyncio.to_thread(
        web.chat_postMessage, channel=alice.chat().id, text="x", blocks=blocks
    )

    def take(client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        if request.type == "interactive":
            came.put(request.payload)
        client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))

    client = SocketModeClient(app_token=sl.app_token, web_client=web)
    client.socket_mode_request_listeners.append(take)
    await asyncio.to_thread(client.connect)
    try:
        await alice.presses("Go")
        await sl.deliveries.settled()
    finally:
        await asyncio.to_thread(client.close)
    payload = came.get_nowait()
    assert (payload["type"], payload["user"]["id"]) == ("block_actions", alice.id)
    assert (payload["actions"][0]["action_id"], payload["actions"][0]["value"]) == ("go", "now")
    assert payload["container"]["message_ts"] == sent["ts"]


async def test_socket_mode_gives_every_event_until_it_is_acknowledged(sl, web):
    sl.deliveries.ack_seconds, sl.deliveries.retries = 0.1, (0.0, 0.0, 0.0)
    came: queue.Queue[SocketModeRequest] = queue.Queue()

    def take(client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        came.put(request)
        if request.retry_attempt == 1:
            client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))

    client = SocketModeClient(app_token=sl.app_token, web_client=web)
    client.socket_mode_request_listeners.append(take)
    await asyncio.to_thread(client.connect)
    try:
        await sl.user("Alice").says("hello")
        await sl.deliveries.settled()
    finally:
        await asyncio.to_thread(client.close)
    first, again = came.get_nowait(), came.get_nowait()
    assert (first.retry_attempt, again.retry_attempt) == (0, 1)
    assert again.retry_reason == "timeout"
    assert first.payload["event"]["text"] == again.payload["event"]["text"] == "hello"
    assert first.payload["event_id"] == again.payload["event_id"]


async def test_a_ticket_opens_one_socket(sl):
    import aiohttp

    url = sl.socket.new_ticket()
    async with aiohttp.ClientSession() as http:
        async with http.ws_connect(url) as ws:
            assert (await ws.receive_json())["type"] == "hello"
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await http.ws_connect(url)


async def test_signatures_are_slacks(sl, unused_tcp_port):
    from aiohttp import web as server

    verifier, seen = SignatureVerifier(sl.signing_secret), []

    async def take(request: server.BaseRequest) -> server.Response:
        body = await request.read()
        seen.append(verifier.is_valid_request(body, request.headers))
        challenge = (await request.json()).get("challenge", "")
        return server.Response(text=challenge)

    runner = server.ServerRunner(server.Server(take))
    await runner.setup()
    await server.TCPSite(runner, "127.0.0.1", unused_tcp_port).start()
    try:
        assert await sl.deliveries.verify_url(f"http://127.0.0.1:{unused_tcp_port}/")
        await sl.user("Alice").says("hällo")
        await sl.deliveries.settled()
        assert seen == [True, True]
    finally:
        await runner.cleanup()
