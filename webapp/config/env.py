"""Settings from the environment, typed; a value that does not fit says so and stops."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

Choice = TypeVar("Choice", bound=str)


def text(name: str, default: str = "") -> str:
    """What the environment says, or the file that NAME_FILE names: so come secrets."""
    return os.environ.get(name, "").strip() or _in_file(f"{name}_FILE") or default


def _in_file(name: str) -> str:
    file = os.environ.get(name, "").strip()
    try:
        return Path(file).read_text().strip() if file else ""
    except (OSError, UnicodeDecodeError) as why:
        raise ImproperlyConfigured(
            f"{name} is {file!r}; it takes a file: {why}"
        ) from why


def boolean(name: str, *, default: bool = False) -> bool:
    value = text(name).lower()
    if value in ("1", "true", "yes", "on"):
        return True
    if value in ("0", "false", "no", "off"):
        return False
    if value == "":
        return default
    raise ImproperlyConfigured(f"{name} is {value!r}; it takes yes or no.")


def integer(name: str, default: int) -> int:
    value = text(name)
    try:
        return int(value) if value else default
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {value!r}; it takes a number.") from None


def choice(name: str, options: tuple[Choice, ...]) -> Choice:
    """One of `options`; the first is the default."""
    value = text(name, options[0])
    for option in options:
        if option == value:
            return option
    known = ", ".join(options)
    raise ImproperlyConfigured(f"{name} is {value!r}; it takes one of {known}.")


PERIODS = {"s": 1, "min": 60, "minute": 60, "hour": 3600, "day": 86400}


def rate(name: str, default: str) -> tuple[int, int] | None:
    """`120/min` as (times, seconds). Set but empty, there is no limit."""
    value = os.environ.get(name, default).strip()
    if not value:
        return None
    times, _slash, period = value.partition("/")
    if not times.isdigit() or int(times) < 1 or period not in PERIODS:
        raise ImproperlyConfigured(f"{name} is {value!r}; it takes one like 120/min.")
    return int(times), PERIODS[period]


def path(name: str) -> Path | None:
    value = text(name)
    return Path(value).expanduser().resolve() if value else None


def url(name: str, *, schemes: tuple[str, ...]) -> SplitResult | None:
    value = text(name)
    if not value:
        return None
    parts = urlsplit(value)
    try:
        fits = parts.scheme in schemes and (parts.port is None or parts.port > 0)
    except ValueError:
        fits = False
    if not fits:
        # The value itself may hold a password, so it is not repeated.
        known = " or ".join(f"{scheme}://" for scheme in schemes)
        raise ImproperlyConfigured(f"{name} must be a URL that starts with {known}.")
    return parts


def host_and_port(name: str) -> tuple[str, int] | None:
    """`127.0.0.1:9464` or `[::1]:9464`."""
    value = text(name)
    if not value:
        return None
    host, _colon, port = value.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ImproperlyConfigured(
            f"{name} is {value!r}; it takes an address and a port, as 127.0.0.1:9464."
        )
    return host.strip("[]"), int(port)


def origins(name: str) -> list[str]:
    """`https://a.example https://b.example`: sites, each without a path."""
    values = text(name).split()
    for value in values:
        if not re.fullmatch(r"https?://[^\s/@?#]+", value):
            raise ImproperlyConfigured(
                f"{name} has {value!r}; it takes sites such as https://a.example."
            )
    return values


def contact(name: str) -> str:
    """A URL, of a page or for writing to; an email address alone becomes one."""
    value = text(name)
    if re.fullmatch(r"[^\s@:/]+@[^\s@:/]+", value):
        return f"mailto:{value}"
    if value and not re.fullmatch(r"(https://|mailto:|tel:)\S+", value):
        raise ImproperlyConfigured(
            f"{name} is {value!r}; it takes an email address, or an https:// URL."
        )
    return value


def database(name: str) -> dict[str, object] | None:
    """A password that the URL leaves out is POSTGRES_PASSWORD."""
    parts = url(name, schemes=("postgresql", "postgres"))
    found = postgres(parts.geturl()) if parts else None
    if found and not found["PASSWORD"]:
        found["PASSWORD"] = text("POSTGRES_PASSWORD")
    return found


def postgres(address: str) -> dict[str, object]:
    """A postgresql:// URL as Django wants it; `?host=/folder` means a Unix socket."""
    parts = urlsplit(address)
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", "") or (parts.hostname or ""),
        "PORT": options.pop("port", "") or str(parts.port or ""),
        "OPTIONS": options,
    }


@dataclass(frozen=True)
class MailServer:
    host: str
    port: int
    user: str
    password: str
    is_tls: bool  # from the first byte; else by STARTTLS


def mail_server(name: str) -> MailServer | None:
    """smtp:// (STARTTLS) or smtps://; None when unset."""
    parts = url(name, schemes=("smtp", "smtps"))
    if parts is None:
        return None
    is_tls = parts.scheme == "smtps"
    return MailServer(
        host=parts.hostname or "localhost",
        port=parts.port or (465 if is_tls else 587),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        is_tls=is_tls,
    )
