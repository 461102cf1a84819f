"""Who is asking, behind proxies and without: one function, for every limit there is."""

from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory

from webapp.http import admission
from webapp.http.admission import client_address, parse_address

PROXY = "10.0.0.1"


def request(**meta: str) -> Any:
    asked = RequestFactory().get("/", **{"REMOTE_ADDR": PROXY, **meta})
    asked.user = AnonymousUser()
    return asked


def forwarded(*hops: str) -> dict[str, str]:
    return {"HTTP_X_FORWARDED_FOR": ", ".join(hops)}


@pytest.mark.parametrize(
    ("proxies", "hops", "address"),
    [
        (0, [], PROXY),
        (0, ["192.0.2.1"], PROXY),
        (1, [], PROXY),
        (1, ["192.0.2.1"], "192.0.2.1"),
        (1, ["203.0.113.9", "192.0.2.1"], "192.0.2.1"),
        (2, ["203.0.113.9", "192.0.2.1", "10.0.0.2"], "192.0.2.1"),
        (2, ["192.0.2.1"], PROXY),
        (1, ["192.0.2.1", "unknown"], PROXY),
        (1, ["192.0.2.1", ""], PROXY),
        (1, ["192.0.2.1:49152"], "192.0.2.1"),
        (1, ["[2001:db8::1]:49152"], "2001:db8::1"),
        (1, ["2001:DB8:0::1"], "2001:db8::1"),
        (1, ["::ffff:192.0.2.1"], "192.0.2.1"),
        (1, ["fe80::1%eth0"], "fe80::1"),
    ],
)
def test_the_last_word_of_our_own_proxies_counts(
    settings: LazySettings, proxies: int, hops: list[str], address: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    assert client_address(request(**(forwarded(*hops) if hops else {}))) == address


@pytest.mark.parametrize(
    "text", ["", "²", "1.2.3.٤", "1.2.3.4.5", "1.2.3.4\0", "[", "[]", "%", "::1]:5"]
)
def test_what_is_no_address_is_none(text: str) -> None:
    assert parse_address(text) is None


def test_ipv4_over_an_ipv6_socket_is_still_one_address_each() -> None:
    one, another = "::ffff:192.0.2.1", "::ffff:192.0.2.2"
    assert admission.network(one) == "192.0.2.1"
    assert admission.network(one) != admission.network(another)
    assert client_address(request(REMOTE_ADDR=one)) == "192.0.2.1"


def test_a_socket_without_addresses_is_somebody_too(settings: LazySettings) -> None:
    settings.TRUSTED_PROXIES = 1
    by_file = request(REMOTE_ADDR="", **forwarded("192.0.2.1"))
    assert client_address(by_file) == "192.0.2.1"
    assert client_address(request(REMOTE_ADDR="")) == ""


@pytest.mark.django_db
class TestTheSite:
    """`/contribute/` counts a photo, or none; sign-up is counted by allauth."""

    SIGNUP = {"email": "no address", "password1": "x"}

    @pytest.fixture(autouse=True)
    def tight(self, settings: LazySettings) -> None:
        settings.TRUSTED_PROXIES = 1
        settings.DETECT_RATE = (1, 60)
        settings.ACCOUNT_RATE_LIMITS = {"signup": "1/m/ip"}

    @pytest.mark.parametrize("path", ["/contribute/", "/accounts/signup/"])
    def test_visitors_behind_one_proxy_have_a_limit_each(
        self, client: Client, path: str
    ) -> None:
        def refused(*hops: str) -> bool:
            sent = client.post(path, self.SIGNUP, REMOTE_ADDR=PROXY, **forwarded(*hops))
            return sent.status_code == 429

        assert not refused("192.0.2.1")
        assert refused("192.0.2.1")
        assert refused("203.0.113.9", "192.0.2.1")
        assert not refused("192.0.2.2")

    @pytest.mark.parametrize("path", ["/contribute/", "/accounts/signup/"])
    def test_without_a_proxy_nobody_becomes_another_by_saying_so(
        self, client: Client, path: str, settings: LazySettings
    ) -> None:
        settings.TRUSTED_PROXIES = 0
        codes = [
            client.post(path, self.SIGNUP, **forwarded(hop)).status_code
            for hop in ("192.0.2.1", "192.0.2.2")
        ]
        assert codes[0] != 429
        assert codes[1] == 429
