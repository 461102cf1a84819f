"""The real server under 500 visitors who are slow on purpose, while one looks at pages.

    python -m tests.bench.slow

Five kinds of slow, a hundred of each, first from many addresses of this machine (all of
127.0.0.0/8 is), then all from one. They come back as soon as they are sent away. Fails
if a page takes a second.
"""

import asyncio
import http.client
import multiprocessing
import os
import platform
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from multiprocessing.synchronize import Event

from tests.bench import served_site
from tests.bench.parts import page

EACH = 100
SECONDS = float(os.environ.get("SECONDS", "20"))
WITHIN = 1.0  # seconds, each page
BIG = "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js"
HOST = "Host: 127.0.0.1\r\n"
BODY = (
    f"POST /api/v1/detect HTTP/1.1\r\n{HOST}Content-Type: image/jpeg\r\n"
    "Content-Length: 1000000\r\n\r\n"
)

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def header(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(f"GET / HTTP/1.1\r\n{HOST}".encode())
    while True:
        writer.write(b"X-Slow: yes\r\n")
        await writer.drain()
        await asyncio.sleep(1)


async def body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(BODY.encode())
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(1)


async def stop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(BODY.encode() + b"x" * 100_000)
    await reader.read(1)


async def idle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(f"GET /about/ HTTP/1.1\r\n{HOST}\r\n".encode())
    while await reader.read(2**16):
        pass


async def read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Ask for much, and read a byte a second."""
    writer.write(f"GET {BIG} HTTP/1.1\r\n{HOST}\r\n".encode())
    while await reader.read(1):
        await asyncio.sleep(1)


KINDS: dict[str, Callable[..., Awaitable[None]]] = {
    "header": header,
    "body": body,
    "body that stops": stop,
    "idle keep-alive": idle,
    "reader": read,
}


async def be_slow(kind: str, port: int, address: str, is_over: Event) -> None:
    while not is_over.is_set():
        writer = None
        try:
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, local_addr=(address, 0), limit=1
            )
            await asyncio.wait_for(KINDS[kind](reader, writer), SECONDS)
        except (OSError, TimeoutError):
            pass
        finally:
            if writer:
                writer.transport.abort()
        await asyncio.sleep(0.5)


def crowd(port: int, addresses: int, is_over: Event) -> None:
    async def all_of_them() -> None:
        numbered = enumerate(kind for kind in KINDS for _ in range(EACH))
        slow = [
            be_slow(kind, port, f"127.0.1.{number % addresses + 1}", is_over)
            for number, kind in numbered
        ]
        tasks = [asyncio.ensure_future(one) for one in slow]
        while not is_over.is_set():
            await asyncio.sleep(0.1)
        for task in tasks:
            task.cancel()

    asyncio.run(all_of_them())


def look(port: int, seconds: float) -> list[float]:
    """Seconds that a page took each time, on a connection of its own."""
    took, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        visitor = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            visitor.request("GET", "/about/")
            if visitor.getresponse().read() == b"":
                raise OSError("an empty page")
            took.append(time.monotonic() - began)
        except (OSError, http.client.HTTPException):
            took.append(float("inf"))
        finally:
            visitor.close()
        time.sleep(0.1)
    return took


def measure(port: int, addresses: int) -> list[float]:
    spawn = multiprocessing.get_context("spawn")
    is_over = spawn.Event()
    process = spawn.Process(target=crowd, args=(port, addresses, is_over))
    process.start()
    try:
        time.sleep(5)  # until all have come
        return look(port, SECONDS)
    finally:
        is_over.set()
        process.join()


def main() -> None:
    with served_site.running() as site:
        look(site.port, 1)
        figures = {
            "nobody is slow": look(site.port, SECONDS / 2),
            "500 slow ones, from 250 addresses": measure(site.port, 250),
            "500 slow ones, from one address": measure(site.port, 1),
        }
    rows = [
        [what, *(f"{1000 * s:.0f}" for s in (statistics.median(took), max(took)))]
        for what, took in figures.items()
    ]
    text = f"""## Slow on purpose

Five kinds of slow visitors, a hundred each (header, body, a body that stops, idle
keep-alive, reader of the answer), who come back as soon as they are sent away; a page
by another visitor meanwhile, ms. Server and crowd on the same {os.cpu_count()} cores
({platform.processor() or platform.machine()}), load average {os.getloadavg()[0]:.1f}.

{page.table(["", "a page, median", "the slowest"], rows)}"""
    page.write_section("slow", text)
    print(text)
    if max(max(took) for took in figures.values()) > WITHIN:
        sys.exit("slow: a page took more than a second.")


if __name__ == "__main__":
    main()
