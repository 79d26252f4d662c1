"""A signalling proxy as it is usually written first: two coroutines a client, every message parsed to look at its type."""

import asyncio
import json
import sys

import websockets

PORT, UPSTREAM = int(sys.argv[1]), sys.argv[2]


async def relay(client, path=None):
    target = path or client.path
    async with websockets.connect(UPSTREAM + target, max_size=16 * 1024 * 1024, compression=None) as upstream:

        async def pump(source, sink):
            async for message in source:
                if isinstance(message, str):
                    kind = json.loads(message).get("type")
                    if kind == "generation_ended":
                        print("ended", flush=True)
                await sink.send(message)

        done, pending = await asyncio.wait(
            [asyncio.create_task(pump(client, upstream)), asyncio.create_task(pump(upstream, client))],
            return_when=asyncio.FIRST_COMPLETED,
        )
        for task in pending:
            task.cancel()


async def main():
    async with websockets.serve(relay, "127.0.0.1", PORT, max_size=16 * 1024 * 1024, compression=None):
        await asyncio.Future()


asyncio.run(main())
