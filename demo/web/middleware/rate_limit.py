"""Limits how often a client may ask for work."""

from math import ceil
from time import time

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from starlette.types import ASGIApp, Receive, Scope, Send

from demo.web.clients import asks_for_work, client_of
from demo.web.problem import refusal


class RateLimit:
    """Answers 429 to a client that asks for work too often, with the seconds to wait.

    Args:
        app: the application to protect.
        per_minute: how many costly requests one client may send per minute.
        trusted_proxies: see `client_of`.
    """

    def __init__(self, app: ASGIApp, per_minute: int, trusted_proxies: int) -> None:
        self.app = app
        self.trusted_proxies = trusted_proxies
        self.count = Count(per_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if asks_for_work(scope):
            client = client_of(scope, self.trusted_proxies)
            if not await self.count.hit(client):
                wait = await self.count.seconds(client)
                detail = (
                    f"Too many requests: at most {self.count.item.amount} a minute are allowed. Try"
                    f" again in {wait} s."
                )
                answer = refusal(scope, 429, detail, {"Retry-After": str(wait)})
                await answer(scope, receive, send)
                return
        await self.app(scope, receive, send)


class Count:
    """Counts each client's events in a sliding minute, with two counters; old events fade out."""

    def __init__(self, per_minute: int) -> None:
        self.item = RateLimitItemPerMinute(per_minute)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def hit(self, client: str) -> bool:
        """Counts an event and returns True, or returns False if the limit is reached."""
        return await self._limiter.hit(self.item, client)

    async def left(self, client: str) -> bool:
        """Tells whether another event would be within the limit."""
        return await self._limiter.test(self.item, client)

    async def seconds(self, client: str) -> int:
        """Returns the whole seconds until another event may be within the limit, at least 1."""
        stats = await self._limiter.get_window_stats(self.item, client)
        return max(1, ceil(stats.reset_time - time()))
