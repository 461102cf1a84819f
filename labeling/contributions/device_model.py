"""The model that visitors' browsers may have, to look at pictures by themselves.

A model that learned from gifts is handed out only where every giver has read that it
may be (`consent.NAMES_DEVICES`). What cannot be traced to its last face is not. Nor is
a model that saw a face which was taken back since.
"""

import functools
import time

from django.core.cache import cache
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from labeling.contributions import consent
from labeling.errors import Refused
from labeling.models import Contribution, ModelVersion
from labeling.registry import lineage, model_versions
from labeling.registry.serving import Problem
from ml.artefact import card as cards

FRESH = (
    30  # seconds for which the answer about givers holds; a withdrawal counts at once
)
TOLD_FOR = 24 * 3600  # seconds
_TROUBLE = "device-model-trouble"

WHY_NOT: dict[str, "str | Promise"] = {
    "no_model": _("There is no model yet."),
    "withdrawn": _("A face that the current model learned from was taken back."),
    "older_consent": _(
        "The current model learned from faces whose givers were not asked whether it "
        "may be handed out."
    ),
}


def on_offer() -> ModelVersion:
    """The champion, if it may be handed out. Raises Refused: no_model, withdrawn,
    older_consent."""
    champion = model_versions.current()
    if champion is None or not sha256(champion):
        raise _refused("no_model")
    if champion.contaminated_at:
        raise _refused("withdrawn")
    if not _givers_agreed(champion.pk, int(time.monotonic() // FRESH)):
        raise _refused("older_consent")
    return champion


def sha256(version: ModelVersion) -> str:
    """Of the file that answers; empty where the card does not know."""
    files: dict[str, str] = version.card.get("files", {})
    return files.get(cards.MODEL, "")


def of_file(sha256: str) -> ModelVersion | None:
    """The version whose file a browser asked, though it may serve no more."""
    named = ModelVersion.objects.filter(card__files__contains={cards.MODEL: sha256})
    return named.order_by("-pk").first()


@functools.lru_cache(maxsize=2)
def _givers_agreed(version_id: int, moment: int) -> bool:
    version = ModelVersion.objects.get(pk=version_id)
    if not lineage.is_known(version):
        return False
    agreed = Contribution.objects.filter(consent_version__in=consent.NAMES_DEVICES)
    others = lineage.faces_seen_by(version).exclude(
        contribution_id__in=agreed.values("pk")
    )
    return not others.exists()


def report_wrong_answer(version: ModelVersion) -> None:
    """A browser asked the model for the known faces, and it said something else."""
    cache.set(_TROUBLE, version.name, TOLD_FOR)


def problems() -> list[Problem]:
    """What browsers reported of the current model. Anybody can report; so it is told,
    and nothing follows from it by itself."""
    name, champion = cache.get(_TROUBLE), model_versions.current()
    if champion is None or name != champion.name:
        return []
    sentence = _("In a visitor's browser the current model gave wrong answers.")
    return [Problem("wrong_on_devices", sentence)]


def _refused(code: str) -> Refused:
    return Refused(code, WHY_NOT[code])
