"""Fetch FER-2013, by the official Kaggle client and the user's own credentials: the
pictures are not ours to pass on. And the FER+ votes, from their public repository."""

import os
import shutil
import subprocess
from pathlib import Path

from ml.data import fer2013
from ml.errors import BadInput
from webapp.downloads.detector import NotFetched

DATASET = "deadskull7/fer2013"
FILE = "fer2013.csv"
VOTES_URL = (
    "https://raw.githubusercontent.com/microsoft/FERPlus/"
    "8ad5426c7b69e86e78afccb42c5f516850f52a28/fer2013new.csv"
)
VOTES_SHA256 = "9206e20d62f56475939f516847d61753e4860caeac9718b560129541b776fc2c"


def fetch(folder: Path, *, client: str = "kaggle") -> Path:
    """FER-2013 in `folder`, whole, by Kaggle's client; what is there already is kept.
    Raises NotFetched."""
    there = next(iter(sorted(folder.glob(f"{FILE}*"))), None)
    if there is None:
        _check(client)
        folder.mkdir(parents=True, exist_ok=True)
        command = [client, "datasets", "download", "-d", DATASET, "-f", FILE]
        done = subprocess.run(
            [*command, "-p", str(folder)], capture_output=True, text=True, check=False
        )
        there = next(iter(sorted(folder.glob(f"{FILE}*"))), None)
        if done.returncode or there is None:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise NotFetched(f"Kaggle's client says: {said[-1] if said else 'nothing'}")
    try:
        fer2013.check_whole(fer2013.read(there), there.name)
    except BadInput as error:
        raise NotFetched(str(error)) from error
    return there


def _check(client: str) -> None:
    if shutil.which(client) is None:
        raise NotFetched("Kaggle's client is not installed (pip install kaggle)")
    folder = Path(os.environ.get("KAGGLE_CONFIG_DIR") or Path.home() / ".kaggle")
    by_name = {"KAGGLE_USERNAME", "KAGGLE_KEY"} <= set(os.environ)
    if not by_name and not (folder / "kaggle.json").is_file():
        raise NotFetched(
            "there are no credentials for Kaggle: make a token on your account's "
            f"page and save it as {folder / 'kaggle.json'}"
        )
