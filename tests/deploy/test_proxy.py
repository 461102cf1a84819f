"""deploy/nginx.conf, run by nginx where it is installed, before a small upstream."""

import http.client
import os
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.supervised_site import until

CONF = Path(__file__).resolve().parents[2] / "deploy" / "nginx.conf"
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(NGINX is None, reason="nginx is not installed"),
]


class Upstream(BaseHTTPRequestHandler):
    """Says what nginx says of the visitor, and how much arrived."""

    def do_POST(self) -> None:
        arrived = len(self.rfile.read(int(self.headers["Content-Length"])))
        names = ("X-Forwarded-For", "X-Forwarded-Proto", "Host")
        said = " ".join([*(self.headers[name] for name in names), str(arrived)])
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said.encode())

    def log_message(self, *_: object) -> None:
        pass


class Proxy(NamedTuple):
    port: int
    context: ssl.SSLContext

    def post(self, length: int, address: str = "127.0.0.1", **headers: str) -> str:
        visitor = http.client.HTTPSConnection(
            "127.0.0.1",
            self.port,
            context=self.context,
            source_address=(address, 0),
            timeout=60,
        )
        try:
            named = {name.replace("_", "-"): text for name, text in headers.items()}
            visitor.request("POST", "/", b"x" * length, {"Host": "site", **named})
            answer = visitor.getresponse()
            return f"{answer.status} {answer.read().decode()}"
        finally:
            visitor.close()

    def hold(self, address: str) -> ssl.SSLSocket:
        """A connection whose body does not come."""
        raw = socket.create_connection(("127.0.0.1", self.port), 60, (address, 0))
        slow = self.context.wrap_socket(raw, server_hostname="127.0.0.1")
        slow.sendall(b"POST / HTTP/1.1\r\nHost: site\r\nContent-Length: 9\r\n\r\n")
        return slow


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp("nginx")
    make_certificate(folder)
    upstream = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    threading.Thread(target=upstream.serve_forever).start()
    port = free_port()
    places = {
        "web:8000": f"127.0.0.1:{upstream.server_port}",
        "listen 80;": f"listen 127.0.0.1:{free_port()};",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "body_timeout 10s": "body_timeout 10m",  # fifty are held at once
        "/run/nginx.pid": f"{folder}/pid",
        "/certificates/": f"{folder}/",
        "/var/cache/nginx/": f"{folder}/",
    }
    conf = CONF.read_text()
    for given, here in places.items():
        assert given in conf
        conf = conf.replace(given, here)
    (folder / "nginx.conf").write_text(conf)
    process = start(folder)
    until(lambda: answers(port) or process.poll() is not None)
    yield Proxy(port, ssl.create_default_context(cafile=folder / "fullchain.pem"))
    process.terminate()
    process.wait()
    upstream.shutdown()
    upstream.server_close()


def make_certificate(folder: Path) -> None:
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=site"
    command += " -addext subjectAltName=IP:127.0.0.1"
    command += " -keyout privkey.pem -out fullchain.pem"
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)


def start(folder: Path) -> "subprocess.Popen[bytes]":
    """Its workers as who starts it: as root they would be somebody who may not look
    into our folder."""
    assert NGINX
    who = "user root; " if os.getuid() == 0 else ""
    command = [NGINX, "-p", str(folder), "-c", "nginx.conf", "-g"]
    return subprocess.Popen([*command, f"daemon off; {who}"])


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


def answers(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def test_a_visitor_cannot_say_who_he_is(proxy: Proxy) -> None:
    said = proxy.post(5, "127.0.0.9", X_Forwarded_For="192.0.2.1")
    assert said == "200 127.0.0.9 https site 5"


def test_a_large_upload_arrives_and_a_larger_one_does_not(proxy: Proxy) -> None:
    assert proxy.post(30 * 2**20).endswith(f" {30 * 2**20}")
    with suppress(ConnectionError, ssl.SSLError):  # refused while it is sent
        assert proxy.post(65 * 2**20).startswith("413 ")


def test_an_address_has_its_share_of_connections(proxy: Proxy) -> None:
    with ExitStack() as held:
        for _ in range(50):
            held.enter_context(proxy.hold("127.0.0.7"))
        until(lambda: proxy.post(1, "127.0.0.7").startswith("429 "))
        assert proxy.post(1, "127.0.0.8").startswith("200 ")
