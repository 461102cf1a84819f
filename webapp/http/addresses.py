"""Where a visitor is, for whatever counts by address. It is never logged or kept."""

import ipaddress
import re

from django.conf import settings
from django.http import HttpRequest

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# `[2001:db8::1]:443`, `192.0.2.1:443`, `fe80::1%eth0`: the address alone counts.
_DECORATED = re.compile(r"\[([^%]+)(?:%.*)?\](?::\d*)?|([\d.]+):\d*|([^%]+)%.*")


def client_address(request: HttpRequest) -> str:
    """The visitor's, as the first of our own proxies saw it.

    Each of them writes whom it talks to at the end of X-Forwarded-For; what stands
    further left the visitor may have written himself. Without a proxy, or where it said
    nothing that is an address, it is whoever holds the connection.
    """
    proxies: int = settings.TRUSTED_PROXIES
    hops = request.headers.get("X-Forwarded-For", "").split(",")
    said = hops[-proxies] if 0 < proxies <= len(hops) else ""
    connected = request.META.get("REMOTE_ADDR", "")
    return str(parse(said) or parse(connected) or connected)


def parse(text: str) -> Address | None:
    """Without port and zone; an IPv4 address that came over an IPv6 socket is IPv4."""
    text = text.strip()
    if decorated := _DECORATED.fullmatch(text):
        text = next(filter(None, decorated.groups()))
    try:
        known = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(known, "ipv4_mapped", None) or known
