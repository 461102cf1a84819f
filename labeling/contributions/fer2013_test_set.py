"""FER-2013's test faces, to know copies of them by. Read once by a worker, kept as
signatures beside the data; a web process only loads what is there."""

import logging
import threading
from pathlib import Path

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ml.data import arrays, fer2013
from ml.errors import BadInput
from ml.vision.near_duplicates import SIDE, SignatureIndex, signature

log = logging.getLogger(__name__)

SIGNATURE_BYTES = SIDE * SIDE

_lock = threading.Lock()
_loaded: tuple[Path, SignatureIndex] | None = None


def known() -> SignatureIndex | None:
    """All test faces, or None while nobody has prepared them."""
    global _loaded
    file = _file()
    if file is None:
        return None
    with _lock:
        if _loaded is None or _loaded[0] != file:
            if not file.is_file():
                return None
            content = file.read_bytes()
            starts = range(0, len(content), SIGNATURE_BYTES)
            _loaded = (
                file,
                SignatureIndex([content[i : i + SIGNATURE_BYTES] for i in starts]),
            )
        return _loaded[1]


def prepare() -> bool:
    """Work the signatures out, unless that was done; False without FER-2013."""
    file = _file()
    if file is None:
        log.warning("no FER-2013: copies of its test faces are not recognised")
        return False
    if not file.is_file():
        try:
            data = fer2013.read(Path(str(settings.FER2013)))
        except (BadInput, OSError) as why:
            log.error("copies of test faces are not recognised: %s", why)
            return False
        tests = data.pixels[data.usage != arrays.TRAINING]
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f"{file.name}.part")
        part.write_bytes(b"".join(map(signature, tests)))
        part.replace(file)
        log.info("%s test faces are known now", len(tests))
    return True


def problem() -> "str | Promise | None":
    """Why copies of test faces cannot be recognised, if so."""
    if _file() is None:
        return _(
            "FER-2013 is not here, so copies of its test faces are not recognised."
        )
    return None


def _file() -> Path | None:
    """Named after the very file it was worked out from."""
    source: Path | None = settings.FER2013
    if source is None or not source.exists():
        return None
    stat = source.stat()
    name = f"test-faces-{stat.st_size:x}-{stat.st_mtime_ns:x}.bin"
    return Path(settings.MIEN_DATA) / name
