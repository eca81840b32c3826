"""What every part of the catalogue has in common: an engine, a clock, a vault."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from nvr.base.clock import Clock
from nvr.store.engine import make_engine, reading, writing
from nvr.store.vault import Vault

P = ParamSpec("P")
T = TypeVar("T")


class Database:
    """Runs a function on a connection, each call in a transaction of its own."""

    def __init__(self, url: str, *, clock: Clock, vault: Vault) -> None:
        self._engine = make_engine(url)
        self._clock = clock
        self._vault = vault

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def _read(
        self,
        question: Callable[Concatenate[Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        with reading(self._engine) as connection:
            return question(connection, *args, **kwargs)

    def _write(
        self,
        change: Callable[Concatenate[Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        with writing(self._engine) as connection:
            return change(connection, *args, **kwargs)

    def _now_us(self) -> int:
        return self._clock.now().wall_us
