"""A TCP proxy on loopback that fails on command: a black hole, resets, and back."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from tests.real.broker import free_port

RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: closing sends RST and not FIN
CHUNK_BYTES = 65_536


class Proxy:
    """Passes bytes between `port` and `target_port`, both on loopback; listens from entering to leaving.

    `port` is known from construction on, so that a broker can advertise it first; `target_port` can be set at any time
    and counts for new connections. Between entering and leaving each method may be called from any thread, and has
    taken effect when it returns. A proxy whose target does not answer resets its clients.
    """

    def __init__(self, target_port: int = 0) -> None:
        self.port = free_port()
        self.target_port = target_port
        self._links: set[asyncio.Task[None]] = set()
        self._passes = asyncio.Event()
        self._passes.set()
        self._refuses = False

    def pass_on(self) -> None:
        """Pass everything on, what a black hole has kept included."""

        def change() -> None:
            self._refuses = False
            self._passes.set()

        self._do(change)

    def black_hole(self) -> None:
        """Let no byte, end or reset pass in either direction; connections stay open and new ones are accepted.

        It stops reading: what was read (a few 100 KiB a direction) waits here, what was not waits in the kernels until
        their windows are full. None of it is lost: `pass_on` sends it in order. What was written before may still
        arrive. A connect that hangs cannot be had here, since the kernel accepts: that takes a namespace.
        """

        def change() -> None:
            self._refuses = False
            self._passes.clear()

        self._do(change)

    def reset(self) -> None:
        """Reset (RST) every connection, and each new one as soon as it is accepted, until `pass_on`."""

        def change() -> None:
            self._refuses = True

        self._do(change)
        self.cut()

    def cut(self) -> None:
        """Reset (RST) every connection once; new ones are as before. What the proxy held of the old ones is lost."""
        asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result(10)

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy-{self.port}", daemon=True)
        self._thread.start()
        serving = asyncio.start_server(self._accepted, "127.0.0.1", self.port)
        self._server = asyncio.run_coroutine_threadsafe(serving, self._loop).result(10)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._do(self._server.close)
        self.reset()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _do(self, change: Callable[[], None]) -> None:
        async def act() -> None:
            change()

        asyncio.run_coroutine_threadsafe(act(), self._loop).result(10)

    async def _cut(self) -> None:
        links = list(self._links)
        for link in links:
            link.cancel()
        await asyncio.gather(*links, return_exceptions=True)
        await asyncio.sleep(0)  # the aborted transports close their sockets in the loop's next turn

    def _accepted(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        link = self._loop.create_task(self._link(reader, client))
        self._links.add(link)
        link.add_done_callback(self._links.discard)
        link.add_done_callback(lambda _: _reset(client))  # one that was cut before its first step too

    async def _link(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        """One connection, until both sides have ended it, or one has reset it, or it is cut."""
        await self._passes.wait()
        if self._refuses:
            return
        try:
            answers, target = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            return
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pump(reader, target))
                both.create_task(self._pump(answers, client))
            client.close()  # politely: the reset that follows finds it closed
            target.close()
        except* OSError:
            await self._passes.wait()  # a reset does not pass through a black hole either
        finally:
            _reset(target)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass bytes on until the end, and then the end."""
        while chunk := await reader.read(CHUNK_BYTES):
            await self._passes.wait()
            writer.write(chunk)
            await writer.drain()
        await self._passes.wait()
        writer.write_eof()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST, unless it is closed or closing."""
    if not writer.transport.is_closing():
        wire: socket.socket = writer.get_extra_info("socket")
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        writer.transport.abort()
