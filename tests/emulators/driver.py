"""What the clients of the emulators' control endpoints share, for drivers in other processes."""

from types import TracebackType
from typing import Any, Self

import aiohttp
import orjson

Json = dict[str, Any]


class Driver:
    """A thin client of ``/control/<verb>``; a subclass adds its platform's verbs."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.close()

    async def call(self, verb: str, **arguments: Any) -> Any:
        """Any verb of the endpoint. Raises RuntimeError with what the emulator says."""
        body = orjson.dumps(arguments)
        async with self._http.post(f"{self._url}/control/{verb}", data=body) as answer:
            content = await answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{verb}: {content.decode()}")
            return orjson.loads(content)

    async def say_many(self, messages: list[Json]) -> list[Json]:
        """Many messages in one moment, each as for `say`."""
        result: list[Json] = await self.call("say_many", messages=messages)
        return result

    async def sent(self, since: int = 0, count: int = 0, timeout: float = 0) -> list[Json]:
        """What was sent from number `since` on, once `count` more are there or time is up."""
        answer = await self.call("sent", since=since, count=count, timeout=timeout)
        return list(answer["sent"])

    async def counters(self) -> Json:
        """What the emulator counted."""
        result: Json = await self.call("counters")
        return result

    async def fault(self, method: str, fault: str, *, times: int = 1, **arguments: Any) -> None:
        """As `Faults.next`: the fault's name and its arguments."""
        await self.call("fault", method=method, fault=fault, times=times, arguments=arguments)
