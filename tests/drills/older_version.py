"""The web process of an older version, on the tables of this one, under load.

    python -m tests.drills.older_version [COMMIT]

An upgrade migrates while the former version serves. Four visitors look, give, sign in
and read; meanwhile this version migrates, and then both serve. No request may fail.
"""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPException
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

from tests.drills.visitors import Answer, ask, post_form
from tests.support import services
from tests.support.supervised_site import free_port, until

ROOT = Path(__file__).resolve().parents[2]
# The commit that closed the rebuilding into rooms: what is older is not upgraded from
# while it serves.
OLDEST = "9d2dd9f5e29d8de3df5b769f3f0756f8ba26c790"
PHOTO = ROOT / "webapp" / "static" / "samples" / "angry.jpg"
EMAIL, PASSWORD = "ada@example.org", "a long and quiet evening"
SHARE = 15  # requests of each act, before, while and after


def main() -> None:
    commit = sys.argv[1] if len(sys.argv) > 1 else OLDEST
    with tempfile.TemporaryDirectory(prefix="mien-older-") as name:
        folder = Path(name)
        if not unpack(commit, folder / "old"):
            print(f"older_version: skipped, for this checkout has no commit {commit}.")
            return
        services.start_once()
        old, new = Version(folder / "old", folder), Version(ROOT, folder)
        try:
            upgrade(old, new, folder)
        finally:
            old.stop()
            new.stop()


def upgrade(old: "Version", new: "Version", folder: Path) -> None:
    old.prepare()
    old.serve()
    with Visitors([old.address], PHOTO.read_bytes()) as crowd:
        crowd.until_more(SHARE)
        before = crowd.answers.copy()
        new.prepare()
        meanwhile = crowd.answers - before
        crowd.until_more(SHARE)
        print(
            f"before: {dict(before)}", f"while migrating: {dict(meanwhile)}", sep="\n"
        )
        new.serve()
        crowd.addresses.append(new.address)
        crowd.until_more(SHARE)
    print(f"all: {dict(crowd.answers)}")
    bad = {kind: n for kind, n in crowd.answers.items() if not kind.endswith(" ok")}
    assert not bad, (bad, (folder / "old.txt").read_text()[-4000:])
    print(f"{crowd.answers.total()} requests, 0 errors")


def unpack(commit: str, into: Path) -> bool:
    git = shutil.which("git") or "git"
    made = subprocess.run([git, "archive", commit], cwd=ROOT, capture_output=True)
    if made.returncode:
        return False
    with tarfile.open(fileobj=io.BytesIO(made.stdout)) as tar:
        tar.extractall(into, filter="data")
    return True


class Version:
    """One checkout, its web process on a port of its own."""

    def __init__(self, root: Path, folder: Path) -> None:
        name = "new" if root == ROOT else "old"
        self.root, self.log = root, folder / f"{name}.txt"
        self.address = f"127.0.0.1:{free_port()}"
        self.process: subprocess.Popen[bytes] | None = None
        many = dict.fromkeys(("DETECT_RATE", "GIVE_RATE", "VOTE_RATE"), "100000/min")
        self.env = {
            **os.environ,
            **many,
            "DJANGO_SETTINGS_MODULE": "webapp.config.settings",
            "MIEN_DATA": str(folder / f"data-{name}"),
            "WITHDRAWAL_LOG_COPY": str(folder / "withdrawals.log"),
            "MIEN_ADMIN_EMAIL": EMAIL,
            "MIEN_ADMIN_PASSWORD": PASSWORD,
            "FER2013": "",
            "FERPLUS": "",
        }
        Path(self.env["MIEN_DATA"]).mkdir()

    def prepare(self) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "deploy.supervisor.prepare"],
            cwd=self.root,
            env=self.env,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def serve(self) -> None:
        """By waitress itself: older versions were served by something else."""
        listen = f"--listen={self.address}"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "waitress", listen, "webapp.wsgi:application"],
                cwd=self.root,
                env=self.env,
                stdout=log,
                stderr=log,
            )
        until(self._answers)

    def stop(self) -> None:
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait()

    def _answers(self) -> bool:
        with suppress(OSError, HTTPException):
            return ask(self.address, "/about/").status == 200
        return False


class Visitors:
    """Four, each of whom goes on with one act while the `with` lasts."""

    def __init__(self, addresses: list[str], photo: bytes) -> None:
        self.addresses, self.photo = addresses, photo
        self.answers: Counter[str] = Counter()
        self._is_over = threading.Event()
        acts = (self.read, self.look, self.give, self.sign_in)
        self._threads = [threading.Thread(target=self._go_on, args=[a]) for a in acts]

    def __enter__(self) -> "Visitors":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def until_more(self, requests: int) -> None:
        """Until each act was done so many times more."""
        begun = self.answers.copy()
        acts = ("read", "look", "give", "sign_in")
        until(lambda: all(self._done(act, begun) >= requests for act in acts))

    def _done(self, act: str, begun: "Counter[str]") -> int:
        return sum(n for k, n in (self.answers - begun).items() if k.startswith(act))

    def read(self, address: str) -> int:
        pages = ("/", "/about/", "/vote/", "/models/", "/data/", "/contribute/")
        return max(ask(address, page).status for page in pages)

    def look(self, address: str) -> int:
        jpeg = {"Content-Type": "image/jpeg"}
        return self._patiently(address, "/api/v1/detect", self.photo, jpeg).status

    def give(self, address: str) -> int:
        """A face that is the same as before is refused: that is an answer."""
        jpeg, json_ = ({"Content-Type": t} for t in ("image/jpeg", "application/json"))
        seen = self._patiently(address, "/api/v1/detect?crops=1", self.photo, jpeg)
        if seen.status != 200:
            return seen.status
        face = seen.json["faces"][0]  # type: ignore[index]
        gift = {"crop": face["crop"], "token": face["token"], "emotion": "happy"}
        body = json.dumps({**gift, "adult": True, "keep": True}).encode()
        return ask(address, "/api/v1/contributions", body, json_).status

    def sign_in(self, address: str) -> int:
        cookies, page = SimpleCookie(), "/accounts/login/"
        who = {"login": EMAIL, "password": PASSWORD}
        sent = post_form(address, page, page, cookies, **who)
        own = [ask(address, p, cookies=cookies).status for p in ("/my/", "/review/")]
        return max(sent.status, *own)

    def _patiently(self, *request: Any) -> Answer:
        """Who is told that too many look at once comes again."""
        for _ in range(20):
            answer = ask(*request)
            if answer.status != 503:
                break
            time.sleep(0.5)
        return answer

    def _go_on(self, act: Callable[[str], int]) -> None:
        number = 0
        while not self._is_over.is_set():
            address = self.addresses[number % len(self.addresses)]
            number += 1
            try:
                status = act(address)
                kind = "ok" if status < 500 else str(status)
            except (OSError, HTTPException, AssertionError) as why:
                kind = type(why).__name__
            self.answers[f"{act.__name__} {kind}"] += 1


if __name__ == "__main__":
    main()
