"""One process that serves, and connections that are not decent: real sockets."""

import asyncio
import socket
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from structlog.testing import capture_logs

from crossroads.kernel.errors import Refused
from crossroads.network.ports import free_ports
from crossroads.serving import connection
from crossroads.serving.one import Listening, Server
from serving_programs import live

_LARGE = 30_000_000
"""More than the system itself keeps of what was sent and not read."""
_HEAD = b"POST /path HTTP/1.1\r\nhost: a\r\n"


async def _application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await live(receive, send)
        return
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body, more = body + message["body"], message["more_body"]
    if scope["path"] == "/slow":
        await asyncio.sleep(0.6)
    if scope["path"] == "/wrong":
        raise ValueError("85073003328")
    if scope["path"] == "/trailers":
        body = str(dict(scope["headers"]).get(b"x-late")).encode()
    if scope["path"] == "/large":
        large = b"a" * _LARGE
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(large))]})
        await send({"type": "http.response.body", "body": large})
        return
    told = f"{scope['client'][0]} {scope['scheme']} {len(body)}".encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(told))]})
    await send({"type": "http.response.body", "body": told})


@asynccontextmanager
async def _serving(certificate: Path | None = None, key: Path | None = None) -> AsyncIterator[int]:
    (port,) = free_ports(1)
    server = Server(_application, Listening("127.0.0.1", port, certificate, key))
    serving = asyncio.create_task(server.serve_for(None))
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn tells nobody that it serves
        await asyncio.sleep(0.01)
    try:
        yield port
    finally:
        server.stop()
        await serving


async def _sent(port: int, *pieces: bytes, pause: float = 0.0) -> bytes:
    """Send pieces, and give all that comes back until the connection is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        with suppress(ConnectionError):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause)
        async with asyncio.timeout(10):
            try:
                return await reader.read()
            except ConnectionError:
                return b"reset"
    finally:
        writer.close()


async def test_a_head_that_does_not_end_is_refused() -> None:
    async with _serving() as port:
        answer = await _sent(port, _HEAD, b"x: " + b"a" * (connection.MAXIMUM_HEAD + 1))
    assert answer.startswith(b"HTTP/1.1 431 "), answer


@pytest.mark.parametrize("end", [b"1;" + b"a" * 200_000, b"0\r\nx: " + b"a" * 200_000], ids=["extension", "trailer"])
async def test_what_stands_between_chunks_and_after_them_may_not_be_without_end(end: bytes) -> None:
    async with _serving() as port:
        answer = await _sent(port, _HEAD + b"transfer-encoding: chunked\r\n\r\n1\r\na\r\n", end)
    assert b"200 OK" not in answer
    assert answer.startswith(b"HTTP/1.1 431 "), answer


async def test_a_long_body_is_no_long_head() -> None:
    async with _serving() as port, httpx.AsyncClient() as client:
        answer = await client.post(f"http://127.0.0.1:{port}/", content=b"a" * 1_000_000)
    assert answer.text == "127.0.0.1 http 1000000"


@pytest.mark.parametrize(
    "pieces", [(), (_HEAD,), tuple(_HEAD[at : at + 1] for at in range(30)), (b"\r\n",) * 5], ids=str
)
async def test_who_sends_no_head_in_time_is_not_waited_for(
    pieces: tuple[bytes, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.2)
    async with _serving() as port:
        assert await _sent(port, *pieces, pause=0.05) in (b"", b"reset")


async def test_nor_is_who_sends_half_a_head_after_a_whole_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.2)
    async with _serving() as port:
        answer = await _sent(port, _HEAD + b"content-length: 1\r\n\r\na", _HEAD, pause=0.1)
    assert answer.count(b"HTTP/1.1 200 ") == 1


async def test_who_sent_a_whole_request_is_not_waited_for_as_if_another_one_had_begun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.2)
    whole = _HEAD + b"content-length: 0\r\n\r\n"
    async with _serving() as port, asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(2):
            writer.write(whole)
            assert await reader.readuntil(b"127.0.0.1 http 0")
            await asyncio.sleep(0.5)
        assert not reader.at_eof()
        writer.close()


async def test_a_request_before_the_last_one_was_answered_is_refused() -> None:
    slow = b"POST /slow HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n"
    async with _serving() as port:
        answer = await _sent(port, slow * 1_000)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"200 OK" not in answer


async def test_another_protocol_is_refused_for_what_follows_would_be_another_request() -> None:
    head = _HEAD + b"connection: upgrade\r\nupgrade: h2c\r\ncontent-length: 36\r\n\r\n"
    async with _serving() as port:
        answer = await _sent(port, head, b"GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n", pause=0.1)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1") == 1


async def test_what_follows_a_body_is_no_header() -> None:
    head = b"POST /trailers HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
    async with _serving() as port:
        answer = await _sent(port, head + b"0\r\nx-late: yes\r\n\r\n")
    assert b"127.0.0.1 http 4" in answer, "no header has that name: None"


@pytest.mark.parametrize("end", [b"", b"connection: close\r\n"], ids=["kept", "closed"])
async def test_an_answer_that_nobody_reads_is_given_up(end: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "READ_SECONDS", 0.3)
    async with _serving() as port, asyncio.timeout(10):
        with socket.create_connection(("127.0.0.1", port)) as lazy:
            lazy.sendall(b"GET /large HTTP/1.1\r\nhost: a\r\n" + end + b"\r\n")
            await asyncio.sleep(1)
            lazy.settimeout(5)
            assert await asyncio.to_thread(_length, lazy) < _LARGE


def _length(lazy: socket.socket) -> int:
    """Read what there still is, and give how much that was."""
    length = 0
    with suppress(ConnectionResetError):
        while piece := lazy.recv(1_000_000):
            length += len(piece)
    return length


async def test_who_waits_for_an_answer_is_let_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.2)
    slow = b"POST /slow HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n"
    async with _serving() as port:
        answer = await _sent(port, slow, b"POST /", pause=0.1)
    assert b"127.0.0.1 http 0" in answer


async def test_no_header_says_who_somebody_is() -> None:
    async with _serving() as port, httpx.AsyncClient() as client:
        headers = {"x-forwarded-for": "10.1.2.3", "x-forwarded-proto": "https", "forwarded": "for=10.1.2.3"}
        answer = await client.get(f"http://127.0.0.1:{port}/", headers=headers)
    assert answer.text == "127.0.0.1 http 0"
    assert "server" not in answer.headers


async def test_what_an_error_says_is_neither_answered_nor_logged() -> None:
    with capture_logs() as logged:
        async with _serving() as port, httpx.AsyncClient() as client:
            answer = await client.get(f"http://127.0.0.1:{port}/wrong")
    assert answer.status_code == 500
    assert "85073003328" not in answer.text
    assert [entry["kind"] for entry in logged] == ["ValueError"]
    assert "85073003328" not in str(logged)


@pytest.mark.parametrize("line", [b"GET", b"GET / HTTP/9.9", b"GET /\xff\xfe HTTP/1.1", b"CONNECT a:1 HTTP/1.1"])
async def test_what_is_no_request_is_refused(line: bytes) -> None:
    async with _serving() as port:
        assert (await _sent(port, line + b"\r\nhost: a\r\n\r\n")).startswith(b"HTTP/1.1 400 ")


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """Make a certificate of this machine that nobody else vouches for, and its key."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]),
    )
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject_name=name, issuer_name=name, public_key=key.public_key())
        .serial_number(1)
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = tmp_path / "certificate.pem", tmp_path / "key.pem"
    files[0].write_bytes(made.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


async def test_it_serves_with_a_certificate_and_nothing_older_than_tls_1_2(certificate: tuple[Path, Path]) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate[0]))
    old = ssl.create_default_context(cafile=str(certificate[0]))
    async with _serving(*certificate) as port:
        async with httpx.AsyncClient(verify=trusting) as client:
            assert (await client.get(f"https://localhost:{port}/")).text == "127.0.0.1 https 0"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        async with httpx.AsyncClient(verify=old) as client:
            with pytest.raises(httpx.ConnectError):
                await client.get(f"https://localhost:{port}/")


@pytest.mark.parametrize("spoiled", [0, 1], ids=["certificate", "key"])
def test_a_certificate_that_cannot_be_used_is_said_before_anything_is_served(
    certificate: tuple[Path, Path], spoiled: int
) -> None:
    certificate[spoiled].write_text("none")
    with pytest.raises(Refused, match=f"The certificate {certificate[0]} cannot be used with the key"):
        Server(_application, Listening("127.0.0.1", 1, *certificate))
