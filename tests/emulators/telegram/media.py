"""Files, up and down: https://core.telegram.org/bots/api#sending-files and #getfile."""

from typing import Any

from tests.emulators.telegram.calls import ApiError, Params, Upload, bad_request
from tests.emulators.telegram.places import Places
from tests.emulators.telegram.posting import Posting
from tests.emulators.telegram.world import Bot, World

Json = dict[str, Any]
MAX_DOWNLOAD = 20 * 1_048_576
MAX_UPLOAD = 50 * 1_048_576
MAX_PHOTO = 10 * 1_048_576
_ALBUM = range(2, 11)


class Media:
    """The methods about them."""

    def __init__(self, world: World, places: Places, posting: Posting) -> None:
        self._world = world
        self._places = places
        self._posting = posting

    async def _do_send_document(self, bot: Bot, params: Params) -> Json:
        return self._send(bot, params, "document")

    async def _do_send_photo(self, bot: Bot, params: Params) -> Json:
        return self._send(bot, params, "photo")

    async def _do_send_voice(self, bot: Bot, params: Params) -> Json:
        return self._send(bot, params, "voice")

    async def _do_send_audio(self, bot: Bot, params: Params) -> Json:
        return self._send(bot, params, "audio")

    async def _do_send_video(self, bot: Bot, params: Params) -> Json:
        return self._send(bot, params, "video")

    async def _do_send_animation(self, bot: Bot, params: Params) -> Json:
        return self._send(bot, params, "animation")

    async def _do_send_media_group(self, bot: Bot, params: Params) -> list[Json]:
        media = params.json("media") or []
        if len(media) not in _ALBUM:
            raise bad_request("wrong number of items in media group")
        group = str(self._world.next_album())
        messages = []
        for item in media:
            values = {k: v for k, v in item.items() if k in {"caption", "parse_mode"}}
            one = Params({**params.values, **values, item["type"]: item["media"]})
            messages.append(self._send(bot, one, item["type"], {"media_group_id": group}))
        return messages

    async def _do_get_file(self, bot: Bot, params: Params) -> Json:
        file_id = params.text("file_id")
        path = self._world.file_paths.get(file_id)
        if path is None:
            raise bad_request("wrong file_id or the file is temporarily unavailable")
        size = len(self._world.files[path])
        if self._world.local_mode:
            path = f"/var/lib/telegram-bot-api/{bot.token}/{path}"
        elif size > MAX_DOWNLOAD:
            raise bad_request("file is too big")
        return {"file_id": file_id, "file_unique_id": f"u{file_id}", "file_size": size,
                "file_path": path}  # fmt: skip

    def _send(self, bot: Bot, params: Params, kind: str, more: Json | None = None) -> Json:
        # Where it goes is checked before what it is.
        self._places.thread(self._places.writable(bot, params), params)
        upload = params.file(kind)
        if upload is None:
            raise bad_request(f"there is no {kind} in the request")
        if not upload.content:
            raise bad_request("file must be non-empty")
        if len(upload.content) > MAX_UPLOAD:
            raise ApiError(413, "Request Entity Too Large")
        if kind == "photo":
            _check_photo(upload)
        body = self._world.keep(kind, upload.name, upload.content, upload.mime)
        content: Json = {kind: [body] if kind == "photo" else body}
        return self._posting.post(bot, params, content | (more or {}), words="caption", file=upload)


def _check_photo(upload: Upload) -> None:
    if len(upload.content) > MAX_PHOTO:
        raise bad_request("file is too big")
    # Telegram decodes pictures; that it begins as one does is all that is looked at here.
    if not upload.content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")):
        raise bad_request("IMAGE_PROCESS_FAILED")
