"""A line with a latency: what goes in at one end comes out at the other some time later, both ways.

In a process of its own, so that waiting costs the measured program nothing: `python latency.py <port> <seconds>`.
"""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator

HOST = "127.0.0.1"


@contextlib.contextmanager
def distant(port: int, seconds: float) -> Iterator[int]:
    """A port that leads to this one, so far away that a question and its answer take so many seconds together."""
    command = [sys.executable, __file__, str(port), str(seconds / 2)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as between:
        assert between.stdout is not None
        try:
            yield int(between.stdout.readline())
        finally:
            between.terminate()


async def carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter, seconds: float) -> None:
    """Everything, in order, each piece so many seconds after it came."""
    loop = asyncio.get_running_loop()
    with contextlib.suppress(OSError):
        while data := await source.read(65_536):
            loop.call_later(seconds, sink.write, data)
    await asyncio.sleep(seconds)
    sink.close()


async def serve(port: int, seconds: float) -> None:
    async def both_ways(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(2 * seconds)  # as long as connecting takes
        inner_reader, inner_writer = await asyncio.open_connection(HOST, port)
        await asyncio.gather(carry(reader, inner_writer, seconds), carry(inner_reader, writer, seconds))

    server = await asyncio.start_server(both_ways, HOST, 0, backlog=500)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2])))
