"""Where the site keeps what it writes, and where its embedded Postgres and Redis live.
Settings and supervisor agree here."""

import hashlib
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from webapp.config import env
from webapp.config.startup_error import StartupError

ROOT = Path(__file__).resolve().parents[2]  # of the checkout
ROLE = DATABASE = "mien"
PORT = 5432  # Only part of the socket's name; nothing listens on TCP.
LONGEST_SOCKET = 100  # The kernel takes 107 bytes.
ROOTS_HOME = Path("/var/lib/mien")


@dataclass(frozen=True)
class ServicePaths:
    """Folders of one site's embedded services."""

    postgres: Path
    redis: Path
    sockets: Path

    @property
    def postgres_socket(self) -> Path:
        return self.sockets / f".s.PGSQL.{PORT}"

    @property
    def redis_socket(self) -> Path:
        return self.sockets / "redis.sock"

    @property
    def database_url(self) -> str:
        return f"postgresql://{ROLE}@/{DATABASE}?host={self.sockets}&port={PORT}"

    @property
    def redis_url(self) -> str:
        return f"unix://{self.redis_socket}"


def data_folder() -> Path:
    return env.path("MIEN_DATA") or ROOT / ".data"


def of(data: Path) -> ServicePaths:
    """The paths of the site with this MIEN_DATA, as its supervisor chose them."""
    note = data / "services.json"
    if not note.exists():
        return ServicePaths(data / "postgres", data / "redis", data / "run")
    return ServicePaths(**{k: Path(v) for k, v in json.loads(note.read_text()).items()})


def choose(data: Path) -> ServicePaths:
    """Choose the paths before a start and write them down for everybody else."""
    paths = _for_root(data) if os.geteuid() == 0 else _for_user(data)
    note = data / "services.json"
    fresh = note.with_suffix(".new")
    fresh.write_text(json.dumps({k: str(v) for k, v in asdict(paths).items()}))
    fresh.rename(note)
    return paths


def _for_user(data: Path) -> ServicePaths:
    paths = ServicePaths(data / "postgres", data / "redis", data / "run")
    if len(os.fsencode(paths.postgres_socket)) <= LONGEST_SOCKET:
        return paths
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    sockets = Path(f"/tmp/mien-{os.geteuid()}-{name}")  # noqa: S108 - checked when made
    return ServicePaths(paths.postgres, paths.redis, sockets)


def _for_root(data: Path) -> ServicePaths:
    """Postgres refuses to run as root, and its own user cannot look into MIEN_DATA.

    The name is drawn, not derived, so that a new checkout where an old one was does
    not find the old one's database.
    """
    if (data / "postgres" / "PG_VERSION").exists():
        raise StartupError(
            f"The database in {data} was made by an ordinary user: start Mien as "
            f"{data.owner()}, not as root."
        )
    known = of(data)
    if known.postgres.is_relative_to(ROOTS_HOME):
        return known
    home = ROOTS_HOME / secrets.token_hex(6)
    return ServicePaths(home / "postgres", home / "redis", home / "run")
