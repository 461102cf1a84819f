"""As root, the embedded services run as a user of their own; else as ourselves."""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from webapp.config.startup_error import StartupError

NAME = "mien-services"


class ProcessUser(TypedDict, total=False):
    """Arguments of `subprocess.Popen`."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Account:
    """Whom a service runs as."""

    name: str
    uid: int
    gid: int
    is_ours: bool

    @property
    def popen(self) -> ProcessUser:
        """What `subprocess` needs to start a program as this user."""
        if not self.is_ours:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def make_folder(self, folder: Path) -> None:
        """A private folder of this user; one that is there keeps its permissions."""
        if folder.is_dir() and not folder.is_symlink():
            _check_owner(folder, self)
            return
        for parent in reversed(folder.parents):
            if not parent.exists():
                parent.mkdir(mode=0o755 if self.is_ours else 0o700)
        folder.mkdir(mode=0o700)
        if self.is_ours:
            os.chown(folder, self.uid, self.gid)

    def can_run(self, program: Path) -> bool:
        try:
            subprocess.run(
                [program, "--version"], check=True, capture_output=True, **self.popen
            )
        except (OSError, subprocess.CalledProcessError):
            return False
        return True


def _check_owner(folder: Path, account: Account) -> None:
    """A stranger may have made the folder first, in /tmp above all."""
    found = folder.stat()
    if found.st_uid != account.uid:
        raise StartupError(
            f"{folder} belongs to another user ({_name(found.st_uid)}), not to "
            f"{account.name}: remove it, or start Mien as that user."
        )
    is_shared = folder.name.startswith("mien-") and stat.S_IMODE(found.st_mode) & 0o077
    if is_shared and folder.parent == Path("/tmp"):  # noqa: S108
        raise StartupError(f"Others may look into {folder}: remove it and start again.")


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def for_services() -> Account:
    uid = os.geteuid()
    if uid != 0:
        return Account(_name(uid), uid, os.getegid(), is_ours=False)
    try:
        entry = pwd.getpwnam(NAME)
    except KeyError:
        entry = _add_user()
    return Account(NAME, entry.pw_uid, entry.pw_gid, is_ours=True)


def _add_user() -> pwd.struct_passwd:
    """Postgres asks the system for the name of its user, so a bare number won't do."""
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    nologin = "/usr/sbin/nologin"
    command = [
        useradd or "useradd",
        *("--system", "--user-group", "--no-create-home"),
        *("--home-dir", "/nonexistent", "--shell", nologin, NAME),
    ]
    try:
        subprocess.run(command, check=True, capture_output=True)
        return pwd.getpwnam(NAME)
    except (OSError, subprocess.CalledProcessError, KeyError):
        raise StartupError(
            "As root, Mien's Postgres needs a user of its own and none could be made: "
            f"run `useradd --system {NAME}`, or start Mien as an ordinary user."
        ) from None
