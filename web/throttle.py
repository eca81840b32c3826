"""How fast passwords may be guessed: a delay that grows with every wrong one.

An attempt counts when it begins, so that a thousand at once are a thousand. Only who is
right is forgiven. Wrong names count like wrong passwords, and the address alone counts
too, for those who try one password on many names.
"""

from collections import OrderedDict
from dataclasses import dataclass

from nvr.base.model import SECOND_US

FREE_TRIES = 5
FREE_TRIES_OF_ADDRESS = 30
FIRST_DELAY_US = 2 * SECOND_US
LONGEST_DELAY_US = 900 * SECOND_US
FORGET_US = 3600 * SECOND_US
MOST_KEYS = 20_000
"""Some 5 MB. Who fills it with addresses pushes out the oldest, not memory."""

_Key = tuple[str, str]


@dataclass(slots=True)
class _Tries:
    count: int
    last_us: int


class Throttle:
    """Counts attempts on the monotonic clock. Never blocks."""

    def __init__(self) -> None:
        self._tries: OrderedDict[_Key, _Tries] = OrderedDict()

    def begin(self, account: str, address: str, now_us: int) -> int:
        """Count an attempt, unless it comes too early: then tells how many
        microseconds it must still wait, else 0."""
        keys = ((account.casefold(), address), ("", address))
        wait_us = max(
            self._wait_us(key, free, now_us)
            for key, free in zip(keys, (FREE_TRIES, FREE_TRIES_OF_ADDRESS), strict=True)
        )
        if wait_us == 0:
            for key in keys:
                self._count(key, now_us)
        return wait_us

    def succeeded(self, account: str, address: str) -> None:
        """It was right: the account's wrong tries from there are forgotten, and this
        one is not the address's fault."""
        self._tries.pop((account.casefold(), address), None)
        of_address = self._tries.get(("", address))
        if of_address is not None:
            of_address.count = max(0, of_address.count - 1)

    def _wait_us(self, key: _Key, free: int, now_us: int) -> int:
        tries = self._tries.get(key)
        if tries is None or tries.count < free or now_us - tries.last_us > FORGET_US:
            return 0
        delay_us = min(FIRST_DELAY_US << min(tries.count - free, 20), LONGEST_DELAY_US)
        return max(0, tries.last_us + delay_us - now_us)

    def _count(self, key: _Key, now_us: int) -> None:
        tries = self._tries.get(key)
        if tries is None or now_us - tries.last_us > FORGET_US:
            tries = self._tries[key] = _Tries(0, now_us)
        tries.count += 1
        tries.last_us = now_us
        self._tries.move_to_end(key)
        while len(self._tries) > MOST_KEYS:
            self._tries.popitem(last=False)
