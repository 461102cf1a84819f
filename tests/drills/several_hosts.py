"""A site on several hosts: one Postgres, one Redis, two web hosts, two training hosts.

    python -m tests.drills.several_hosts

Hosts are network namespaces (root is needed; without, it is skipped and says so).
Trainings are fakes of seconds; all else is as it runs. It prints a line for each thing
that held, and ends with an assertion at the first that did not.
"""

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.drills import network
from tests.drills.network import HUB, Host

EMAIL, PASSWORD = "ada@example.org", "a long and quiet evening"
DETECTIONS = 6  # an hour, from one address
EPOCHS = "--epochs 40 --pace 0.5"


def main() -> None:
    network.enter("tests.drills.several_hosts")
    with tempfile.TemporaryDirectory(prefix="mien-hosts-") as name, ExitStack() as ends:
        folder = Path(name)
        folder.chmod(0o755)  # Postgres runs as another user
        services = Services(folder)
        ends.callback(services.close)
        os.environ.update(services.env(folder))
        site = Site(folder)
        ends.callback(site.close)
        # Only now is there a site that Django's settings could be of.
        from tests.drills import several_hosts_steps as steps

        steps.walk(site, services)


class Services:
    """Postgres and Redis at the hub, reached by TCP as between real hosts."""

    def __init__(self, folder: Path) -> None:
        from deploy.supervisor import redis, service_user
        from webapp.config import service_paths

        self.log = folder / "services.txt"
        own = folder / "services"
        self.paths = service_paths.ServicePaths(own / "pg", own / "redis", own / "run")
        self.account = service_user.for_services()
        self.account.make_folder(self.paths.redis)
        self.rules = folder / "pg_hba.conf"
        self.rules.write_text(
            "local all all peer map=mien\nhost all mien 10.77.0.0/24 trust\n"
        )
        self.start_postgres()
        self.redis = subprocess.Popen(
            [
                redis.program(self.account, self.paths),
                *("--bind", HUB, "--port", "6379", "--protected-mode", "no"),
                *("--save", "", "--loglevel", "warning"),
            ],
            stdout=subprocess.DEVNULL,
        )

    def start_postgres(self) -> None:
        from deploy.supervisor import postgres

        os.environ["MIEN_POSTGRES_OPTIONS"] = (
            f"-c fsync=off -c listen_addresses={HUB} -c hba_file={self.rules}"
        )
        self.postgres = postgres.start(self.paths, self.account, self.log)
        postgres.wait(self.paths, self.postgres, log=self.log)

    def stop_postgres(self) -> None:
        self.postgres.send_signal(signal.SIGINT)
        self.postgres.wait(60)

    def env(self, folder: Path) -> dict[str, str]:
        fake = f"{sys.executable} -m tests.support.fake_ml {EPOCHS}"
        return {
            "DATABASE_URL": f"postgresql://mien@{HUB}/mien",
            "REDIS_URL": f"redis://{HUB}:6379/0",
            "SECRET_KEY": "only-for-a-drill-and-long-enough-0123456789-abcdefghijkl",
            "DJANGO_SETTINGS_MODULE": "webapp.config.settings",
            "MIEN_DATA": str(folder / "hub"),
            "WITHDRAWAL_LOG_COPY": str(folder / "withdrawals.log"),
            "MIEN_ADMIN_EMAIL": EMAIL,
            "MIEN_ADMIN_PASSWORD": PASSWORD,
            "DETECT_RATE": f"{DETECTIONS}/hour",
            "WEB_PROCESSES": "1",
            "SWEEP_EVERY": "1",
            "RETRAIN_LOST_AFTER": "6",
            "LEAVE_SECONDS": "3",
            "ML_COMMAND": fake,
            "FER2013": "",
            "FERPLUS": "",
        }

    def close(self) -> None:
        self.redis.kill()
        self.redis.wait()
        self.stop_postgres()


class Site:
    """Two web hosts, which run the other small roles too, and two that train."""

    def __init__(self, folder: Path) -> None:
        self.env = dict(os.environ)
        self.webs = [Host(f"web{n}", 10 + n, folder) for n in (1, 2)]
        self.trainers = [Host(f"train{n}", 20 + n, folder) for n in (1, 2)]
        for host in self.webs:
            for role in ("web", "default", "clock"):
                host.start(role, self.env)
        for host in self.trainers:
            host.start("training", self.env)

    @property
    def addresses(self) -> list[str]:
        return [host.address for host in self.webs]

    def close(self) -> None:
        for host in (*self.webs, *self.trainers):
            host.close()


if __name__ == "__main__":
    main()
