"""Slack's requests through bolt, which knows their forms, to the intake, which keeps them.

Bolt tells Slack that an event was handled before its listeners have ended, and answers nothing at
all where no listener matches. So the intake stands in front of every listener, as the one
middleware through which all that is told must go, and bolt's answer is the intake's.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping

from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.response import BoltResponse

from channels.slack.client import BotClient
from channels.slack.intake import Intake

DONE = 200
TRY_AGAIN = 503

# A body that is told again later is no warning; why it was not taken is logged by the intake.
logging.getLogger("slack_bolt").setLevel(logging.ERROR)


class Dispatch:
    """What a request is answered with. Never raises."""

    def __init__(self, client: BotClient, intake: Intake) -> None:
        self._intake = intake
        self._app = AsyncApp(
            name="argent",
            logger=logging.getLogger("slack_bolt"),
            client=client.web,
            process_before_response=True,
            before_authorize=_TakesAll(intake),
            # Signatures are checked over the raw bytes, before anything is read of them.
            signing_secret="checked-before",
            request_verification_enabled=False,
        )

    async def of_socket(self, payload: object) -> bool:
        """Whether the envelope with this payload may be acknowledged."""
        if not isinstance(payload, dict):
            return await self._intake.take(payload)
        try:
            request = AsyncBoltRequest(mode="socket_mode", body=payload)
        except Exception:
            # Bolt cannot make a request of it; the intake keeps it as it is.
            return await self._intake.take(payload)
        response = await self._app.async_dispatch(request)
        return response.status == DONE

    async def of_http(self, body: bytes, headers: Mapping[str, str]) -> BoltResponse:
        """The answer to a request whose signature is Slack's."""
        try:
            request = AsyncBoltRequest(body=body.decode(), headers=dict(headers))
        except Exception as error:
            kept = await self._intake.set_aside(body, f"{type(error).__name__}: {error}")
            return BoltResponse(status=DONE if kept else TRY_AGAIN)
        return await self._app.async_dispatch(request)


class _TakesAll(AsyncMiddleware):
    """As a class of bolt's, and not a function: for those it reads the body, and trips over it."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 -- bolt's name
    ) -> BoltResponse | None:
        if req.body.get("type") == "url_verification":
            return await next()
        return BoltResponse(status=DONE if await self._intake.take(req.body) else TRY_AGAIN)
