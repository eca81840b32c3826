import asyncio

from nvr.base.model import Role
from nvr.simulate.service import Serving, from_options, run
from tests.simulate.client import Client


async def test_the_service_serves_what_the_command_line_says_until_told(tmp_path):
    options = from_options(
        cameras=1,
        host="127.0.0.1",
        port=0,
        username="admin",
        password="right",
        cache=tmp_path,
        fault=["cam1:drop:60@0.05"],
    )
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    service = asyncio.create_task(run(options, stop, ready=ready.set_result))

    serving: Serving = await asyncio.wait_for(ready, 60)
    client = await Client(serving.urls["cam1"][Role.SUB]).connect()
    status, _, _ = await client.request("DESCRIBE")
    await asyncio.wait_for(dropped(client), 5)
    stop.set()
    await asyncio.wait_for(service, 5)

    assert status == 401


async def dropped(client: Client) -> None:
    try:
        while True:
            await client.request("OPTIONS")
            await asyncio.sleep(0.02)
    except (asyncio.IncompleteReadError, ConnectionError):
        return
