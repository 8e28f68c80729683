"""The connections to the services, against servers that send exactly these bytes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from gateway.upstream import (
    BrokenAnswerError,
    ClosedEarlyError,
    Connection,
    Origin,
    Pool,
    UnreachableError,
)

from tests.gateway.conftest import free_port

Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
GET = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\n"


@asynccontextmanager
async def listening(handle: Handle) -> AsyncIterator[Origin]:
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield Origin.of(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    finally:
        server.close()


def saying(*parts: bytes, closing: bool = False) -> Handle:
    """Answer each request with the same bytes, a moment between the parts."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                for part in parts:
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(0.01)
                if closing:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()

    return handle


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    opened = Pool(connect_seconds=1, keep_alive_seconds=4)
    yield opened
    opened.close()


async def ask(pool: Pool, origin: Origin, *, method: bytes = b"GET") -> tuple[Connection, bytes]:
    """Return the connection after one exchange, and the body that came."""
    connection = pool.take(origin) or await pool.connect(origin)
    connection.ask(method, method + GET[3:])
    async with asyncio.timeout(2):
        await connection.answer()
        body = await connection.read()
        while not connection.complete:
            body += await connection.read()
    pool.put(origin, connection)
    return connection, body


@pytest.mark.parametrize(
    ("parts", "body"),
    [
        ((OK + b"Content-Length: 4\r\n\r\nbody",), b"body"),
        ((OK, b"Content-Length: 4\r\n", b"\r\nbo", b"dy"), b"body"),
        (
            (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"2\r\nbo\r\n", b"2\r\ndy\r\n0\r\n\r\n"),
            b"body",
        ),
        ((b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", OK + b"Content-Length: 0\r\n\r\n"), b""),
        ((b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nok",), b"ok"),
        ((b"HTTP/1.1 204 No Content\r\n\r\n",), b""),
        ((b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",), b""),
    ],
)
async def test_an_answer_is_read_to_its_end_and_the_connection_is_used_again(
    pool: Pool, parts: tuple[bytes, ...], body: bytes
) -> None:
    async with listening(saying(*parts)) as origin:
        first, came = await ask(pool, origin)
        assert came == body
        assert b"link" not in dict(first.headers)
        second, came = await ask(pool, origin)
        assert came == body
        assert second is first


async def test_an_answer_without_a_length_ends_with_its_connection(pool: Pool) -> None:
    async with listening(saying(OK + b"\r\n", b"to the end", closing=True)) as origin:
        connection, body = await ask(pool, origin)
        assert body == b"to the end"
        assert pool.take(origin) is None
        assert not connection.is_reusable


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"Connection: close\r\nContent-Length: 2\r\n\r\nok",
        OK + b"Content-Length: 2\r\n\r\nok" + OK + b"Content-Length: 4\r\n\r\nevil",
    ],
)
async def test_a_connection_that_ended_or_said_too_much_is_not_used_again(
    pool: Pool, answer: bytes
) -> None:
    async with listening(saying(answer)) as origin:
        _, body = await ask(pool, origin)
        assert body == b"ok"
        assert pool.take(origin) is None


async def test_words_between_two_requests_close_the_connection(pool: Pool) -> None:
    late = (OK + b"Content-Length: 2\r\n\r\nok", OK + b"Content-Length: 4\r\n\r\nevil")
    async with listening(saying(*late)) as origin:
        await ask(pool, origin)
        await asyncio.sleep(0.1)
        assert pool.take(origin) is None


async def test_a_head_request_does_not_wait_for_the_body_it_announces(pool: Pool) -> None:
    async with listening(saying(OK + b"Content-Length: 1000\r\n\r\n")) as origin:
        connection, body = await ask(pool, origin, method=b"HEAD")
        assert (connection.status, body) == (200, b"")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", ClosedEarlyError),
        (b"SSH-2.0-OpenSSH\r\n", BrokenAnswerError),
        (OK + b"Content-", BrokenAnswerError),
        (OK + b"Content-Length: 10\r\n\r\nhalf", BrokenAnswerError),
        (OK + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", BrokenAnswerError),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", BrokenAnswerError),
        (OK + b"".join(b"X-%d: %s\r\n" % (n, b"x" * 900) for n in range(100)), BrokenAnswerError),
    ],
)
async def test_a_broken_answer_raises(pool: Pool, answer: bytes, error: type[Exception]) -> None:
    async with listening(saying(answer, closing=True)) as origin:
        with pytest.raises(error):
            await ask(pool, origin)
        assert pool.take(origin) is None


async def test_nobody_listening_is_told_apart_from_a_lost_connection(pool: Pool) -> None:
    with pytest.raises(UnreachableError):
        await pool.connect(Origin.of(f"http://127.0.0.1:{free_port()}"))


async def test_a_connection_that_waited_too_long_is_not_used(pool: Pool) -> None:
    async with listening(saying(OK + b"Content-Length: 0\r\n\r\n")) as origin:
        connection, _ = await ask(pool, origin)
        connection.idle_since -= 5
        assert pool.take(origin) is None
        assert not connection.is_open


async def test_an_answer_may_come_before_the_body_was_sent(pool: Pool) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 1_000
            await asyncio.sleep(0.001)

    refusal = b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"
    async with listening(saying(refusal)) as origin:
        connection = await pool.connect(origin)
        connection.ask(b"POST", b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n")
        connection.send(endless(), is_chunked=True)
        async with asyncio.timeout(2):
            await connection.answer()
        assert connection.status == 413
        pool.put(origin, connection)
        assert pool.take(origin) is None


async def test_a_reader_that_pauses_holds_the_service_back(pool: Pool) -> None:
    sent = 0

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK + b"Content-Length: 104857600\r\n\r\n")
        try:
            for _ in range(1_600):
                writer.write(b"x" * 65_536)
                await writer.drain()
                sent += 65_536
        except ConnectionError:
            pass
        writer.close()

    async with listening(flood) as origin:
        connection = await pool.connect(origin)
        connection.ask(b"GET", GET)
        await connection.answer()
        await asyncio.sleep(0.3)
        assert sent < 30_000_000
        received = 0
        while not connection.complete:
            received += len(await connection.read())
        assert received == 104_857_600
