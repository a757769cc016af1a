"""Files: uploads in their three steps, and what is known of a file.

https://docs.slack.dev/messaging/working-with-files#uploading_files
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from tests.emulators.slack import blocks as kit
from tests.emulators.slack.calls import ApiError, Params, Places
from tests.emulators.slack.world import Channel, Upload

if TYPE_CHECKING:
    from tests.emulators.slack.emulator import SlackEmulator

Json = dict[str, Any]


class FileMethods:
    """Carries out the calls of `files.*`."""

    def __init__(self, slack: "SlackEmulator") -> None:
        self._slack = slack
        self._world = slack.world
        self._places = Places(slack)
        self.table: dict[str, Callable[[Params], Awaitable[Json]]] = {
            "files.getUploadURLExternal": self._upload_url,
            "files.completeUploadExternal": self._upload_done,
            "files.info": self._file,
        }

    async def _upload_url(self, params: Params) -> Json:
        if not params.text("filename") or params.integer("length", 0) <= 0:
            raise ApiError("invalid_arguments")
        file = self._world.new_id("F")
        self._world.files[file] = self._slack.described(
            file, params.text("filename"), "application/octet-stream", params.integer("length", 0)
        )
        return {"upload_url": f"{self._slack.url}/upload/{file}", "file_id": file}

    async def _upload_done(self, params: Params) -> Json:
        wanted = params.json("files") or ()
        files = [self._world.files.get(f.get("id", "")) for f in wanted]
        known = [f for f in files if f is not None and f["id"] in self._world.contents]
        if len(known) != len(files) or not files:
            raise ApiError("file_not_found")
        for file, given in zip(known, wanted, strict=True):
            file["title"] = given.get("title") or file["name"]
        if params.text("channel_id"):
            self._share(known, params)
        return {"files": [{"id": f["id"], "title": f["title"]} for f in known]}

    def _share(self, files: list[Json], params: Params) -> None:
        channel = self._places.writable(params.text("channel_id"))
        text, blocks = params.text("initial_comment"), params.json("blocks")
        try:
            shown = kit.shown(text) if text or not blocks else kit.read(blocks)[0]
        except kit.BadBlocks as error:
            raise ApiError(error.error) from None
        message: Json = {
            "type": "message", "subtype": "file_share", "user": self._world.bot_user,
            "ts": self._world.ts(), "text": text or shown, "files": files, "upload": False,
        }  # fmt: skip
        thread = params.text("thread_ts")
        if thread:
            if thread not in channel.messages:
                raise ApiError("thread_not_found")
            message["thread_ts"] = thread
        self._world.keep(channel, message)
        for file in files:
            self._shared(file, channel, message)
            self._slack.uploaded_now(channel, Upload(
                channel.id, message["ts"], thread or None, file["name"], file["title"],
                self._world.contents[file["id"]], shown,
            ))  # fmt: skip
        self._slack.deliver_message(channel, message)

    def _shared(self, file: Json, channel: Channel, message: Json) -> None:
        kind = "public" if channel.kind == "channel" else "private"
        share = {k: message[k] for k in ("ts", "thread_ts") if k in message}
        file.setdefault("shares", {}).setdefault(kind, {})[channel.id] = [share]

    async def _file(self, params: Params) -> Json:
        file = self._world.files.get(params.text("file"))
        if file is None:
            raise ApiError("file_not_found")
        if not self._slack.reads_files:
            raise ApiError("missing_scope", needed="files:read", provided="chat:write")
        return {"file": file}
