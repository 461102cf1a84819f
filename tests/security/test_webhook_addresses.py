"""Webhooks call nothing that is not public: no address, no name, no redirect."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from labeling.errors import Refused
from labeling.models import Webhook, WebhookDelivery
from labeling.webhooks import calls, endpoints
from tests.support.receiver import Receiver, listening

pytestmark = pytest.mark.django_db

PRIVATE = (
    *("127.0.0.1", "127.1", "2130706433", "0x7f.1", "017700000001", "localhost"),
    *("0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254"),  # noqa: S104
    *("100.64.0.1", "192.0.0.1", "198.18.0.1", "224.0.0.1", "255.255.255.255"),
    *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[fe80::1]"),
    *("[fd00:ec2::254]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[ff02::1]"),
)
PUBLIC = "93.184.215.14"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as receiver:
        yield receiver


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Where it would have connected to: nothing gets out of here."""
    asked: list[Any] = []
    connect = socket.socket.connect

    def refuse(caller: socket.socket, address: Any) -> None:
        if caller.family == socket.AF_UNIX:  # our own Redis
            return connect(caller, address)
        asked.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", refuse)
    return asked


def delivery_to(url: str) -> WebhookDelivery:
    webhook = Webhook(url=url, salt=b"salt", is_active=True)
    return WebhookDelivery(webhook=webhook, event="run.failed", body="{}")


@pytest.mark.parametrize("host", PRIVATE)
def test_no_private_address_is_connected_to_however_it_is_written(
    host: str, connections: list[Any]
) -> None:
    answer = calls.call(delivery_to(f"https://{host}:8443/"))
    assert answer.status is None
    assert connections == []


def test_a_name_that_leads_to_this_machine_is_not_called(
    connections: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, ["10.1.2.3"])
    answer = calls.call(delivery_to("https://inside.example/"))
    assert answer.problem == "This name leads to a private address."
    assert connections == []


def test_a_name_that_changes_its_mind_leads_to_what_was_looked_at(
    connections: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: public when it is looked at, private a moment later."""
    asked = resolve(monkeypatch, [PUBLIC, "127.0.0.1"])
    calls.call(delivery_to("https://rebinding.example/"))
    assert asked.count("rebinding.example") == 1
    assert {address[0] for address in connections} == {PUBLIC}


def resolve(monkeypatch: pytest.MonkeyPatch, answers: list[str]) -> list[str]:
    """Names lead to these, one after the other; the names that were asked for."""
    asked: list[str] = []
    left = list(answers)
    real = socket.getaddrinfo

    def look_up(host: str, port: Any, *args: Any, **options: Any) -> Any:
        asked.append(host)
        named = not host.replace(".", "").isdigit()
        address = (left.pop(0) if left else answers[-1]) if named else host
        return real(address, port, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def test_a_redirect_is_not_followed(receiver: Receiver, settings: Settings) -> None:
    settings.WEBHOOKS_TO_LOOPBACK = True
    with listening() as inside:
        receiver.status, receiver.location = 307, inside.url
        answer = calls.call(delivery_to(receiver.url))
        assert (answer.status, answer.is_taken) == (307, False)
        assert (len(receiver.calls), len(inside.calls)) == (1, 0)


def test_who_answers_byte_by_byte_holds_nobody_up(
    receiver: Receiver, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEBHOOKS_TO_LOOPBACK = True
    monkeypatch.setattr(calls, "DEADLINE", 0.5)
    receiver.is_slow.set()
    answer = calls.call(delivery_to(receiver.url))
    receiver.is_slow.clear()
    assert (answer.status, answer.problem) == (None, calls.LATE)


def test_a_proxy_of_the_environment_is_not_asked(
    receiver: Receiver, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEBHOOKS_TO_LOOPBACK = True
    with listening() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.server_port}")
        assert calls.call(delivery_to(receiver.url)).is_taken
        assert (len(receiver.calls), len(proxy.calls)) == (1, 0)


def test_this_machine_is_called_where_the_operator_said_so_and_nothing_else_private(
    connections: list[Any], settings: Settings
) -> None:
    settings.WEBHOOKS_TO_LOOPBACK = True
    for host in ("10.0.0.1", "169.254.169.254", "[fd00::1]"):
        calls.call(delivery_to(f"http://{host}/"))
    assert connections == []
    calls.call(delivery_to("http://127.0.0.1/"))
    assert {address[0] for address in connections} == {"127.0.0.1"}


@pytest.mark.parametrize(
    "url",
    [
        *("http://told.example/", "ftp://told.example/", "file:///etc/passwd"),
        *("told.example", "https://", "https://a b/", "https://[::1", "", "\0"),
        *("https://user:word@told.example/", "https://told.example:99999/"),
        *("https://told.example/\r\nX: y", f"https://told.example/{'a' * 500}"),
    ],
)
def test_what_is_no_plain_https_address_is_not_taken(url: str) -> None:
    with pytest.raises(Refused):
        endpoints.add(url, [])
    assert not Webhook.objects.exists()


def test_an_event_that_is_none_is_not_taken() -> None:
    with pytest.raises(Refused) as refused:
        endpoints.add("https://told.example/", ["face.painted"])
    assert refused.value.code == "unknown_event"
