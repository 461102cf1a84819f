"""deploy/Caddyfile, run by Caddy where it is installed, before a small upstream."""

import os
import re
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from tests.deploy import test_proxy
from tests.deploy.test_proxy import Proxy
from tests.support.supervised_site import until

FOLDER = Path(__file__).resolve().parents[2] / "deploy"
CADDY = shutil.which("caddy")
needs_caddy = pytest.mark.skipif(CADDY is None, reason="caddy is not installed")
LIMIT = 64 * 2**20

heard: list[str] = []  # what arrived at the upstream


class Upstream(test_proxy.Upstream):
    def do_POST(self) -> None:
        heard.append(self.headers["Content-Length"])
        super().do_POST()


def caddyfile() -> str:
    """As this Caddy spells it: Debian's is older than `request_buffers`."""
    conf = (FOLDER / "Caddyfile").read_text()
    if "2.6.2" in subprocess.check_output([str(CADDY), "version"], text=True):
        older = r"buffer_requests\n\t\tmax_buffer_size \1"
        conf, found = re.subn(r"request_buffers (\S+)", older, conf)
        assert found == 1
    return conf


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp("caddy")
    test_proxy.make_certificate(folder)
    upstream = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    threading.Thread(target=upstream.serve_forever).start()
    port = test_proxy.free_port()
    pair = f"{folder}/fullchain.pem {folder}/privkey.pem"
    places = {
        "web:8000": f"127.0.0.1:{upstream.server_port}",
        "admin off": "admin off\n\tauto_https disable_redirects",
        "\trequest_body {": f"\tbind 127.0.0.1\n\ttls {pair}\n\trequest_body {{",
    }
    conf = caddyfile()
    for given, here in places.items():
        assert given in conf
        conf = conf.replace(given, here)
    process = run(folder, conf, f"https://:{port}")
    until(lambda: test_proxy.answers(port) or process.poll() is not None)
    yield Proxy(port, ssl.create_default_context(cafile=folder / "fullchain.pem"))
    process.terminate()
    process.wait()
    upstream.shutdown()
    upstream.server_close()


def run(folder: Path, conf: str, address: str) -> "subprocess.Popen[bytes]":
    (folder / "Caddyfile").write_text(conf)
    env = {**os.environ, "SITE_URL": address}
    env |= {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    command = [str(CADDY), "run", "--config", "Caddyfile", "--adapter", "caddyfile"]
    return subprocess.Popen(command, cwd=folder, env=env)


@needs_caddy
def test_caddys_own_check_takes_it(tmp_path: Path) -> None:
    (tmp_path / "Caddyfile").write_text(caddyfile())
    done = subprocess.run(
        [str(CADDY), "validate", "--config", "Caddyfile", "--adapter", "caddyfile"],
        cwd=tmp_path,
        env={**os.environ, "SITE_URL": "https://mien.example"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr, done.stderr


@needs_caddy
@pytest.mark.slow
def test_a_visitor_cannot_say_who_he_is(proxy: Proxy) -> None:
    said = proxy.post(5, "127.0.0.9", X_Forwarded_For="192.0.2.1")
    assert said == "200 127.0.0.9 https site 5"
    said = proxy.post(5, "127.0.0.9", X_Forwarded_Proto="http")
    assert said == "200 127.0.0.9 https site 5"


@needs_caddy
@pytest.mark.slow
def test_a_large_upload_arrives_and_a_larger_one_does_not(proxy: Proxy) -> None:
    assert proxy.post(30 * 2**20).endswith(f" {30 * 2**20}")
    with suppress(ConnectionError, ssl.SSLError):  # refused while it is sent
        assert not proxy.post(LIMIT + 1).startswith("200 ")


@needs_caddy
@pytest.mark.slow
def test_the_site_hears_of_a_request_when_it_is_whole(proxy: Proxy) -> None:
    heard.clear()
    with proxy.hold("127.0.0.7") as slow:
        assert proxy.post(1, "127.0.0.8").startswith("200 ")
        assert heard == ["1"]
        slow.sendall(b"x" * 9)
        assert slow.recv(100).startswith(b"HTTP/1.1 200 ")
    assert heard == ["1", "9"]


def test_both_fronts_of_the_compose_file_have_the_same_limits() -> None:
    nginx = (FOLDER / "nginx.conf").read_text()
    conf = (FOLDER / "Caddyfile").read_text()
    assert "client_max_body_size 64m;" in nginx
    assert conf.count("64MiB") == 2  # taken, and buffered
    assert "client_header_timeout 10s;" in nginx
    assert "read_header 10s" in conf
    assert "keepalive_timeout 15s;" in nginx
    assert "idle 15s" in conf
    assert "large_client_header_buffers 4 16k;" in nginx
    assert "max_header_size 64KiB" in conf


def test_caddy_starts_only_when_it_is_asked_for_and_keeps_its_certificate() -> None:
    services = yaml.safe_load((FOLDER / "compose.yaml").read_text())["services"]
    caddy = services["caddy"]
    assert caddy["profiles"] == ["caddy"]
    assert caddy["ports"] == services["proxy"]["ports"]
    assert "./Caddyfile:/etc/caddy/Caddyfile:ro" in caddy["volumes"]
    assert "certificates:/data" in caddy["volumes"]
    assert caddy["read_only"]
    assert caddy["cap_drop"] == ["ALL"]
