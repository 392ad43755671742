"""A JetStream stream as its administrator and its readers see it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
import nats
from nats.js import JetStreamContext
from nats.js.api import StreamConfig

T = TypeVar("T")
SECONDS = 20


@dataclass(frozen=True)
class Stream:
    """Takes what is published below a topic."""

    url: str
    topic: str

    def create(self, **limits: Any) -> None:  # noqa: ANN401 - those of the client
        config = StreamConfig(name=self.topic, subjects=[f"{self.topic}.>"], **limits)
        self._run(lambda context: context.add_stream(config))

    def messages(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Return subject, Nats-Msg-Id and CloudEvent of each message, in order."""
        return self._run(self._messages)

    async def _messages(self, context: JetStreamContext) -> list[tuple[str, str, dict[str, Any]]]:
        state = (await context.stream_info(self.topic)).state
        found = []
        for place in range(max(state.first_seq, 1), state.last_seq + 1):
            one = await context.get_msg(self.topic, place)
            headers = one.headers or {}
            found.append((one.subject or "", headers["Nats-Msg-Id"], msgspec.json.decode(one.data or b"")))
        return found

    def _run(self, work: Callable[[JetStreamContext], Awaitable[T]]) -> T:
        async def whole() -> T:
            client = await nats.connect(self.url, connect_timeout=SECONDS)
            try:
                return await work(client.jetstream(timeout=SECONDS))
            finally:
                await client.close()

        return asyncio.run(whole())
