"""Sockets between our processes, wherever the data folder is."""

import asyncio
from pathlib import Path

from nvr.base.socket_path import MOST_BYTES, reachable


async def test_a_socket_is_served_and_reached_below_a_very_long_path(
    tmp_path: Path,
) -> None:
    folder = tmp_path.joinpath(*["a folder with a rather long name"] * 5)
    folder.mkdir(parents=True)
    path = folder / "recorder-0.sock"
    assert len(str(path)) > MOST_BYTES

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(b"here")
        writer.close()

    with reachable(path) as name:
        server = await asyncio.start_unix_server(answer, path=name)
    async with server:
        with reachable(path) as name:
            reader, writer = await asyncio.open_unix_connection(name)
        assert await reader.read() == b"here"
        writer.close()
