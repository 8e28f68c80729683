"""What passes through the gateway, and what stops there."""

import asyncio
import hashlib
import http.client
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from gateway.app import OpenGateway
from gateway.exchange import Exchange
from gateway.settings import GatewaySettings
from gateway.telemetry import AccessLog
from starlette.types import Message

from tests.conftest import AUDIENCE, ISSUER, TokenFor
from tests.gateway.conftest import House, OpenHouse
from tests.gateway.upstream import Upstream


def shown(answer: httpx.Response) -> dict[str, str]:
    """Return the headers that reached the service."""
    return dict(answer.json()["headers"])


def raw_exchange(house: House, request: bytes) -> bytes:
    """Send bytes as they are and return everything that comes back."""
    parts = urlsplit(house.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as wire:
        wire.sendall(request)
        answer = b""
        while chunk := wire.recv(65_536):
            answer += chunk
    return answer


def test_a_request_reaches_its_service_as_it_was_sent(client: httpx.Client) -> None:
    answer = client.put(
        "/v1/criteria-sets/a%2Fb/%C4%91?x=%20a&x=b+c&y",
        content=b'{"a": 1}',
        headers={"If-Match": "1"},
    )
    assert answer.status_code == 200
    body = answer.json()
    assert (body["service"], body["method"]) == ("criteria", "PUT")
    assert (body["path"], body["query"]) == ("/v1/criteria-sets/a%2Fb/%C4%91", "x=%20a&x=b+c&y")
    assert body["length"] == 8
    assert shown(answer)["if-match"] == "1"
    assert shown(answer)["content-length"] == "8"


def test_hop_by_hop_and_forged_headers_stop_at_the_gateway(
    house: House, client: httpx.Client
) -> None:
    answer = client.get(
        "/v1/areas",
        headers={
            "Connection": "keep-alive, X-Hop",
            "X-Hop": "1",
            "TE": "trailers",
            "Proxy-Authorization": "Basic x",
            "Forwarded": "for=1.2.3.4",
            "X-Forwarded-For": "1.2.3.4",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Host": "evil.test",
            "X-Real-IP": "1.2.3.4",
            "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        },
    )
    headers = shown(answer)
    assert not headers.keys() & {"x-hop", "te", "proxy-authorization", "forwarded", "x-real-ip"}
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"
    assert headers["x-forwarded-host"] == headers["host"] == urlsplit(house.url).netloc
    assert headers["traceparent"].startswith("00-0af7651916cd43dd8448eb211c80319c")
    assert not answer.headers.keys() & {"x-private", "server"}
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]


def test_a_trusted_proxy_in_front_is_believed(
    open_house: OpenHouse, criteria_url: str, token: str
) -> None:
    with (
        open_house(criteria_url=criteria_url, trusted_proxies="127.0.0.1") as house,
        house.client(token) as client,
    ):
        answer = client.get(
            "/v1/areas",
            headers={
                "X-Forwarded-For": "203.0.113.9",
                "X-Forwarded-Proto": "https",
                "X-Forwarded-Host": "api.example.test",
            },
        )
        headers = shown(answer)
        assert headers["x-forwarded-for"] == "203.0.113.9, 127.0.0.1"
        assert headers["x-forwarded-proto"] == "https"
        assert headers["host"] == "api.example.test"
        assert house.logged()[-1]["address"] == "203.0.113.9"


def test_a_harmless_request_id_is_kept_and_any_other_is_replaced(client: httpx.Client) -> None:
    kept = client.get("/v1/areas", headers={"X-Request-ID": "my-request-0001"})
    assert kept.headers.get_list("x-request-id") == ["my-request-0001"]
    assert shown(kept)["x-request-id"] == "my-request-0001"
    replaced = client.get("/v1/areas", headers={"X-Request-ID": 'x" or 1=1'})
    assert replaced.headers["x-request-id"] == shown(replaced)["x-request-id"]
    assert len(replaced.headers["x-request-id"]) == 32


def test_a_stream_arrives_line_by_line(client: httpx.Client) -> None:
    headers = {"Accept": "application/x-ndjson"}
    with client.stream("GET", "/v1/observations/stream", headers=headers) as answer:
        arrived = [(time.monotonic(), json.loads(line)["line"]) for line in answer.iter_lines()]
    assert [number for _, number in arrived] == [0, 1, 2]
    assert arrived[2][0] - arrived[0][0] > 0.4


def test_a_large_answer_arrives_whole(client: httpx.Client) -> None:
    expected = hashlib.sha256()
    for number in range(256):
        expected.update(bytes([number]) * 65_536)
    answer = client.get("/v1/observations/large", headers={"Accept": "application/x-ndjson"})
    assert hashlib.sha256(answer.content).hexdigest() == expected.hexdigest()


@pytest.mark.parametrize("with_length", [True, False])
def test_a_large_upload_is_streamed(client: httpx.Client, with_length: bool) -> None:
    content = bytes(range(256)) * 40_000

    def blocks() -> Iterator[bytes]:
        for start in range(0, len(content), 100_000):
            yield content[start : start + 100_000]

    headers = {"Content-Type": "text/csv"}
    if with_length:
        headers["Content-Length"] = str(len(content))
    answer = client.post("/v1/observations/imports", content=blocks(), headers=headers)
    assert answer.json()["sha256"] == hashlib.sha256(content).hexdigest()
    assert answer.json()["chunks"] > 10
    assert ("content-length" in shown(answer)) == with_length
    assert ("transfer-encoding" in shown(answer)) != with_length


def test_a_declared_body_beyond_the_limit_never_reaches_the_service(
    client: httpx.Client, criteria: Upstream
) -> None:
    before = criteria.seen
    answer = client.post("/v1/observations", content=b"x" * 100_001)
    assert (answer.status_code, answer.json()["code"]) == (413, "payload-too-large")
    assert "100000" in answer.json()["detail"]
    assert criteria.seen == before


def test_an_undeclared_body_is_cut_at_the_limit(client: httpx.Client) -> None:
    answer = client.post("/v1/observations", content=(b"x" * 1_000 for _ in range(101)))
    assert (answer.status_code, answer.json()["code"]) == (413, "payload-too-large")


def test_uploads_may_be_larger_than_json(client: httpx.Client) -> None:
    answer = client.post("/v1/files", content=b"x" * 200_000)
    assert answer.json()["length"] == 200_000


def test_a_body_that_stops_coming_gets_408(house: House, token: str) -> None:
    request = (
        f"POST /v1/observations HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {token}\r\n"
        "Content-Length: 10\r\n\r\nhalf"
    )
    answer = raw_exchange(house, request.encode())
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"request-timeout" in answer


def test_a_slow_service_gets_504(client: httpx.Client) -> None:
    answer = client.get("/v1/areas/slow", headers={"Accept-Language": "en"})
    assert (answer.status_code, answer.json()["code"]) == (504, "gateway-timeout")
    assert "did not answer in time" in answer.json()["detail"]


def test_a_dead_service_gets_503_while_the_others_go_on(client: httpx.Client) -> None:
    answer = client.get("/v1/programmes")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["retry-after"] == "2"
    assert "funding" in answer.json()["detail"]
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert client.get("/v1/areas").status_code == 200


def test_a_broken_answer_breaks_off_at_the_client_too(client: httpx.Client) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/v1/areas/truncated")


def test_not_modified_and_head_have_no_body(client: httpx.Client) -> None:
    unchanged = client.get("/v1/areas/unchanged")
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert unchanged.headers["etag"] == '"1"'
    head = client.head("/v1/areas")
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) > 0


@pytest.mark.parametrize("action", ["slow", "stream"])
def test_a_client_that_leaves_cancels_the_request_behind(
    house: House, token: str, criteria: Upstream, action: str
) -> None:
    before = criteria.cancelled
    parts = urlsplit(house.url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port)
    connection.request("GET", f"/v1/areas/{action}", headers={"Authorization": f"Bearer {token}"})
    time.sleep(0.2)
    connection.close()
    deadline = time.monotonic() + 0.7
    while criteria.cancelled == before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert criteria.cancelled == before + 1
    assert house.logged()[-1]["status"] in (499, 200)


def test_a_client_that_leaves_within_an_upload_cancels_it(house: House, token: str) -> None:
    parts = urlsplit(house.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as wire:
        wire.sendall(
            f"POST /v1/files HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {token}\r\n"
            "Content-Length: 1000000\r\n\r\nhalf".encode()
        )
        time.sleep(0.2)
    assert house.logged()[-1]["status"] == 499


@pytest.mark.parametrize(
    "path",
    [
        "/v1/areas/../programmes",
        "/v1/areas/%2e%2e/programmes",
        "/v1/areas/..%2fprogrammes",
        "/v1/areas/%00",
        "/v1/areas/%0d%0aX-A:b",
        "/v1/areas/%ff",
        "/v1//areas",
    ],
)
def test_a_malformed_path_gets_400(house: House, token: str, path: str) -> None:
    request = (
        f"GET {path} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {token}\r\n"
        "Connection: close\r\n\r\n"
    )
    answer = raw_exchange(house, request.encode())
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"application/problem+json" in answer


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ("Authorization: Bearer a\r\nAuthorization: Bearer b", 400),
        ("Host: a b", 400),
        ("X-Long: " + "x" * 40_000, 431),
    ],
)
def test_malformed_headers_are_refused(house: House, token: str, headers: str, status: int) -> None:
    host = "" if headers.startswith("Host") else "Host: gateway\r\n"
    login = "" if headers.startswith("Auth") else f"Authorization: Bearer {token}\r\n"
    request = f"GET /v1/areas HTTP/1.1\r\n{host}{login}{headers}\r\nConnection: close\r\n\r\n"
    answer = raw_exchange(house, request.encode("latin-1"))
    assert answer.startswith(f"HTTP/1.1 {status}".encode())


def test_a_path_beyond_the_limit_gets_414(client: httpx.Client) -> None:
    assert client.get(f"/v1/areas?x={'x' * 9_000}").status_code == 414


def test_an_unknown_path_gets_404_in_the_language_of_the_caller(client: httpx.Client) -> None:
    vietnamese = client.get("/v1/nothing/here")
    assert (vietnamese.status_code, vietnamese.json()["title"]) == (404, "Không tìm thấy")
    assert vietnamese.headers["content-type"] == "application/problem+json"
    english = client.get("/v2/areas", headers={"Accept-Language": "en-GB, vi;q=0.5"})
    assert (english.status_code, english.json()["title"]) == (404, "Not found")


def test_an_unknown_method_gets_405(client: httpx.Client) -> None:
    answer = client.request("TRACE", "/v1/areas")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


class Flaky:
    """A server on bare sockets that closes each connection at its second request."""

    def __init__(self) -> None:
        self.requests: list[str] = []

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = True
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.requests.append(head.decode().partition(" ")[0])
                if not first:
                    break
                first = False
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        except asyncio.IncompleteReadError:
            pass
        writer.close()


@pytest.mark.parametrize(
    ("method", "status", "sent"),
    [("GET", 200, 3), ("POST", 502, 2), ("PUT", 502, 2), ("DELETE", 502, 2)],
)
async def test_only_a_get_is_sent_again_when_a_pooled_connection_was_closed(
    open_house: OpenHouse, token: str, method: str, status: int, sent: int
) -> None:
    flaky = Flaky()
    server = await asyncio.start_server(flaky.handle, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    def ask() -> int:
        with open_house(funding_url=url) as house, house.client(token) as client:
            assert client.get("/v1/programmes").status_code == 200
            return client.request(method, "/v1/transfers").status_code

    assert await asyncio.to_thread(ask) == status
    assert len(flaky.requests) == sent
    server.close()
    await server.wait_closed()


async def test_a_request_that_the_stopping_server_ends_gets_503(
    key_set: Path, criteria_url: str, token: str
) -> None:
    settings = GatewaySettings.model_validate(
        {
            "token_issuer": ISSUER,
            "token_audience": AUDIENCE,
            "token_keys": str(key_set),
            "criteria_url": criteria_url,
        }
    )
    lines: list[str] = []
    gateway = OpenGateway(settings, log=AccessLog(lines.append))
    answered: list[Message] = []

    async def send(message: Message) -> None:
        answered.append(message)

    async def never() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    scope = {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "path": "/v1/areas/slow",
        "query_string": b"",
        "headers": [(b"authorization", f"Bearer {token}".encode())],
    }
    serving = asyncio.create_task(gateway.serve(Exchange(scope, never, send)))
    await asyncio.sleep(0.2)
    serving.cancel()
    await serving
    await gateway.close()
    assert answered[0]["status"] == 503
    assert (b"retry-after", b"2") in answered[0]["headers"]


def test_slow_requests_cannot_crowd_out_others(
    open_house: OpenHouse, criteria_url: str, token: str
) -> None:
    with (
        open_house(criteria_url=criteria_url, stream_in_flight=1) as house,
        house.client(token, accept="text/csv") as streaming,
        house.client(token) as ordinary,
        streaming.stream("GET", "/v1/observations/stream"),
    ):
        with house.client(token, accept="text/csv") as second:
            refused = second.get("/v1/observations/stream")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert ordinary.get("/v1/areas").status_code == 200


def test_too_many_requests_of_one_caller_get_429(
    open_house: OpenHouse, criteria_url: str, token: str, token_for: TokenFor
) -> None:
    with open_house(criteria_url=criteria_url, requests_per_minute=2) as house:
        with house.client(token) as client:
            statuses = [client.get("/v1/areas").status_code for _ in range(3)]
        with house.client(token_for("auditor@vn", subject="somebody else")) as other:
            statuses.append(other.get("/v1/areas").status_code)
    # a new minute may begin between two requests
    assert statuses in ([200, 200, 429, 200], [200, 200, 200, 200])
