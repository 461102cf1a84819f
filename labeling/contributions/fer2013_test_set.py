"""FER-2013's test faces, to know copies of them by. Whoever has FER-2013 works their
signatures out, once, and Postgres keeps them for every host of the site."""

import hashlib
import logging
import threading
from pathlib import Path

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from labeling.errors import Refused
from labeling.models import Fer2013TestSet
from ml.data import arrays, fer2013
from ml.errors import BadInput
from ml.vision.near_duplicates import SIDE, SignatureIndex, signature

log = logging.getLogger(__name__)

SIGNATURE_BYTES = SIDE * SIDE

_lock = threading.Lock()
_loaded: tuple[str, SignatureIndex] | None = None


def known() -> SignatureIndex | None:
    """All test faces, or None while nobody has prepared them."""
    global _loaded
    kept = Fer2013TestSet.objects.values_list("sha256", flat=True).first()
    with _lock:
        if kept is None:
            return None
        if _loaded is None or _loaded[0] != kept:
            content = bytes(Fer2013TestSet.objects.get().signatures)
            starts = range(0, len(content), SIGNATURE_BYTES)
            _loaded = (
                hashlib.sha256(content).hexdigest(),
                SignatureIndex([content[i : i + SIGNATURE_BYTES] for i in starts]),
            )
        return _loaded[1]


def prepare() -> bool:
    """Work the signatures out, unless that was done; False without FER-2013."""
    mark = _mark()
    if mark is None:
        return _without_a_file()
    if not mark.is_file() or not is_known():
        try:
            data = fer2013.read(Path(str(settings.FER2013)))
        except (BadInput, OSError) as why:
            log.error("copies of test faces are not recognised: %s", why)
            return False
        tests = data.pixels[data.usage != arrays.TRAINING]
        _keep(b"".join(map(signature, tests)))
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
        log.info("%s test faces are known now", len(tests))
    return True


def is_known() -> bool:
    """Whether a host of this site has FER-2013."""
    return Fer2013TestSet.objects.exists()


def check_host() -> None:
    """Before a training. Refused on a host that lacks the FER-2013 of the others: it
    would learn from less, and be examined by less, without anybody noticing."""
    if is_known() and _mark() is None:
        raise Refused(
            "no_fer2013",
            _(
                "This training host lacks FER-2013, which others of this site have: "
                "put the file there too, or point the setting FER2013 at it."
            ),
        )


def problem() -> "str | Promise | None":
    """Why copies of test faces cannot be recognised, if so."""
    if _mark() is None and not is_known():
        return _(
            "FER-2013 is not here, so copies of its test faces are not recognised."
        )
    return None


def _without_a_file() -> bool:
    if settings.HAS_OWN_POSTGRES:
        # Such a site is one host: what is not here, nobody has any more.
        Fer2013TestSet.objects.all().delete()
    if is_known():
        return True
    log.warning("no FER-2013: copies of its test faces are not recognised")
    return False


def _keep(signatures: bytes) -> None:
    sha256 = hashlib.sha256(signatures).hexdigest()
    if not Fer2013TestSet.objects.filter(sha256=sha256).exists():
        Fer2013TestSet.objects.update_or_create(
            pk=1, defaults={"sha256": sha256, "signatures": signatures}
        )


def _mark() -> Path | None:
    """It says that this host's very file was read; None where there is no file."""
    source: Path | None = settings.FER2013
    if source is None or not source.exists():
        return None
    stat = source.stat()
    name = f"test-faces-{stat.st_size:x}-{stat.st_mtime_ns:x}.read"
    return Path(settings.MIEN_DATA) / name
