"""The plan of retention for those who ask over HTTP: one at a time."""

import asyncio

from nvr.base.clock import Clock
from nvr.base.settings import Settings
from nvr.hook_calls import Plugins
from nvr.keep.plan import Plan, plan
from nvr.store.catalogue import Catalogue


class Plans:
    """Works plans out on a thread. Who asks while one is made gets that one, so that
    many questions cost the catalogue no more than one."""

    def __init__(
        self, settings: Settings, catalogue: Catalogue, plugins: Plugins, clock: Clock
    ) -> None:
        self._parts = (settings, catalogue, plugins, clock)
        self._going: asyncio.Task[Plan] | None = None

    async def plan(self, seconds: float) -> Plan:
        """The plan as of now. Raises `TimeoutError` if it takes longer; it goes on
        being made, and who asks again has less to wait."""
        if self._going is None or self._going.done():
            self._going = asyncio.create_task(asyncio.to_thread(plan, *self._parts))
        return await asyncio.wait_for(asyncio.shield(self._going), seconds)
