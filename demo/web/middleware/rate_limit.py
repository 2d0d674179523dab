"""Nobody may ask for work too often."""

from math import ceil
from time import time

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from starlette.types import ASGIApp, Receive, Scope, Send

from demo.web.clients import asks_for_work, client_of
from demo.web.problem import refusal


class RateLimit:
    """Answers 429 to whom asks for work too often, with the seconds to wait.

    Args:
        app: the application to protect.
        per_minute: requests of one client that may cost work.
        trusted_proxies: as `client_of` takes it.
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
                    f"Too many requests: at most {self.count.item.amount} a minute are taken. Try"
                    f" again in {wait} s."
                )
                answer = refusal(scope, 429, detail, {"Retry-After": str(wait)})
                await answer(scope, receive, send)
                return
        await self.app(scope, receive, send)


class Count:
    """Events of each client in the last minute, as two counters: old ones weigh less and less."""

    def __init__(self, per_minute: int) -> None:
        self.item = RateLimitItemPerMinute(per_minute)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def hit(self, client: str) -> bool:
        """Counts an event, and says whether it is within the limit; one beyond it is not counted."""
        return await self._limiter.hit(self.item, client)

    async def left(self, client: str) -> bool:
        """Whether another event would be within the limit."""
        return await self._limiter.test(self.item, client)

    async def seconds(self, client: str) -> int:
        """Whole seconds until the next event may be within the limit, at least 1."""
        stats = await self._limiter.get_window_stats(self.item, client)
        return max(1, ceil(stats.reset_time - time()))
