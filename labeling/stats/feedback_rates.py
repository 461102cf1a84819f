"""How often people say "not quite" to a version, and whether to go back for it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from math import sqrt
from statistics import NormalDist

from django.db.models import Count, Q, QuerySet
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from labeling.models import ModelVersion, PredictionFeedback, Promotion, SiteStats
from ml.evaluation.metrics import wilson

# A share of fewer answers than these says more of chance than of the model.
LEAST_FOR_A_SHARE = 20
# Fewer answers than these prove nothing, and one alarm in a hundred may be false.
LEAST_ANSWERS = 100
SURE = 0.01


@dataclass(frozen=True)
class FeedbackRate:
    """The share of answers that were "no", with its 95 % interval."""

    wrong: int
    n: int
    low: float
    high: float

    @property
    def rate(self) -> float:
        return self.wrong / self.n

    @property
    def is_enough(self) -> bool:
        """To be shown as a share."""
        return self.n >= LEAST_FOR_A_SHARE


@dataclass(frozen=True)
class Proposal:
    """To go back to a version that people corrected less."""

    version: ModelVersion
    sentence: "str | Promise"


def feedback_rates(version_ids: Collection[int]) -> dict[int, FeedbackRate]:
    """By version, as last counted and with what was said since; those that nobody
    answered to are left out, and so is what nothing proves (`answers_from_devices`)."""
    counted, known = SiteStats.objects.first(), {}
    answers = PredictionFeedback.objects.filter(model_version__in=version_ids)
    if counted is not None:
        answers = answers.filter(created_at__gt=counted.counted_at)
        names = {one["version"]: one for one in counted.data.get("corrections", ())}
        versions = ModelVersion.objects.filter(pk__in=version_ids, name__in=names)
        known = {
            pk: (names[name]["wrong"], names[name]["answers"])
            for pk, name in versions.values_list("pk", "name")
        }
    return _rates(known, answers)


def count_anew(*, until: datetime) -> dict[int, FeedbackRate]:
    """Of all versions."""
    return _rates({}, PredictionFeedback.objects.filter(created_at__lte=until))


def _rates(
    known: dict[int, tuple[int, int]], answers: QuerySet[PredictionFeedback]
) -> dict[int, FeedbackRate]:
    proved = answers.filter(is_from_device=False)
    counts = proved.order_by().values_list("model_version")
    wrong = Count("pk", filter=Q(is_right=False))
    found = dict(known)
    for pk, more_wrong, more in counts.annotate(wrong=wrong, n=Count("pk")):
        before_wrong, before = known.get(pk, (0, 0))
        found[pk] = (before_wrong + more_wrong, before + more)
    return {
        pk: FeedbackRate(wrong, n, *wilson(wrong, n))
        for pk, (wrong, n) in found.items()
    }


def answers_from_devices(version_id: int) -> tuple[int, int]:
    """How many were "no", of how many, where browsers looked by themselves. Anybody
    can send any number of these, so nothing follows from them."""
    found = PredictionFeedback.objects.filter(
        model_version=version_id, is_from_device=True
    ).aggregate(wrong=Count("pk", filter=Q(is_right=False)), n=Count("pk"))
    return found["wrong"], found["n"]


def roll_back_proposal() -> Proposal | None:
    """The version before the champion, if people clearly corrected it less."""
    last = Promotion.objects.select_related("version", "former").first()
    if last is None or last.former is None or last.former.contaminated_at:
        return None
    found = feedback_rates([last.version_id, last.former.pk])
    now, before = found.get(last.version_id), found.get(last.former.pk)
    if now is None or before is None or not _is_clearly_worse(now, before):
        return None
    sentence = _(
        "People correct {now} more often ({now_rate} % of {now_n} answers) than they "
        "did {before} ({before_rate} % of {before_n}). Should {before} serve again?"
    )
    return Proposal(
        last.former,
        format_lazy(
            sentence,
            now=last.version.name,
            now_rate=round(100 * now.rate),
            now_n=now.n,
            before=last.former.name,
            before_rate=round(100 * before.rate),
            before_n=before.n,
        ),
    )


def _is_clearly_worse(now: FeedbackRate, before: FeedbackRate) -> bool:
    """One-sided test of two shares, pooled (any textbook)."""
    if min(now.n, before.n) < LEAST_ANSWERS or now.rate <= before.rate:
        return False
    pooled = (now.wrong + before.wrong) / (now.n + before.n)
    spread = sqrt(pooled * (1 - pooled) * (1 / now.n + 1 / before.n))
    return 1 - NormalDist().cdf((now.rate - before.rate) / spread) < SURE
