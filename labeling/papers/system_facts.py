"""What the papers for an operator say of the running system, read from code, settings
and rows."""

import platform
import re
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from django.conf import settings
from django.db.models import Count, Model
from django.utils import timezone
from django.utils.functional import Promise

from labeling import audit
from labeling.contributions import consent
from labeling.datasets import croissant, dataset_release
from labeling.models import (
    AuditEntry,
    Exam,
    ModelVersion,
    Promotion,
    TrainingRun,
    Withdrawal,
)
from labeling.registry import model_versions
from labeling.stats import site_stats
from ml.emotions import EMOTIONS
from ml.evaluation import compare

OPEN = "**Open:** only the operator knows."
PROGRAMS = ("django", "celery", "onnxruntime", "opencv-python-headless", "tensorflow")


def facts() -> dict[str, object]:
    """The context of every paper for an operator."""
    return {
        "open": OPEN,
        "today": f"{timezone.now():%Y-%m-%d}",
        "site": settings.SITE_URL,
        "mien": mien_version(),
        "programs": programs(),
        "emotions": EMOTIONS,
        "champion": model_versions.current(),
        "versions": ModelVersion.objects.defer("card").order_by("pk"),
        "promotions": Promotion.objects.select_related("version").order_by("pk"),
        "counted": site_stats.current(),
        "withdrawn": Withdrawal.objects.count(),
        "releases": dataset_release.made().defer("croissant"),
        "runs": _counts(TrainingRun, "status", TrainingRun.Status.choices),
        "exams": _counts(Exam, "outcome", Exam.Outcome.choices),
        "acts": _counts(AuditEntry, "act", AuditEntry.Act.choices),
        "limits": [(name, _limit(getattr(settings, name))) for name in audit.LIMITS],
        "consent_version": consent.VERSION,
        "consent": consent.TEXTS[consent.VERSION],
        "dataset": croissant.FACTS,
        "gate": {
            "policy": settings.PROMOTION_POLICY,
            "alpha": f"{compare.ALPHA:.0%}",
            "least_loss": f"{compare.LEAST_LOSS:.0%}",
        },
        "settings": settings,
    }


def mien_version() -> str:
    """The changelog's top heading is the version."""
    changes = (Path(settings.BASE_DIR) / "CHANGELOG.md").read_text()
    found = re.search(r"^## (\S+)", changes, re.MULTILINE)
    return found[1] if found else "unknown"


def programs() -> list[tuple[str, str]]:
    """What runs here, and which version of it."""
    found = [("Python", platform.python_version())]
    for name in PROGRAMS:
        try:
            found.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            continue  # web processes have no TensorFlow
    return found


def _limit(value: object) -> object:
    """A rate is so many in so many seconds."""
    return "{} in {} s".format(*value) if isinstance(value, tuple) else value


def _counts(
    model: type[Model], field: str, names: Iterable[tuple[str, "str | Promise"]]
) -> list[tuple[str, int]]:
    """How many rows there are of each value, in its own words."""
    rows = model._default_manager.order_by().values_list(field)
    counted = dict(rows.annotate(n=Count("pk")))
    return [(str(word), counted[name]) for name, word in names if name in counted]
