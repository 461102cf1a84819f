"""When a retraining is due without anybody asking."""

from django.conf import settings
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from labeling.db import COUNTED_UP_TO
from labeling.models import Contribution, DatasetSplit, Snapshot, TrainingRun
from labeling.registry import model_versions


def new_faces(up_to: int) -> int:
    """Accepted since the last snapshot that came to an exam, counted up to so many."""
    accepted = Contribution.objects.accepted().exclude(split=DatasetSplit.NEITHER)
    done = Snapshot.objects.filter(run__status=TrainingRun.Status.DONE)
    last = done.order_by("-pk").first()
    if last is not None:
        accepted = accepted.filter(decided_at__gt=last.created_at)
    return accepted.order_by()[:up_to].count()


def has_withdrawals() -> bool:
    """Whether a face has been withdrawn that the champion saw, or a challenger that was
    kept back for it, and no run has left it out since."""
    last = Snapshot.objects.filter(run__status=TrainingRun.Status.DONE)
    newest = last.order_by("-pk").select_related("run__version").first()
    concerned = [
        model_versions.current(),
        getattr(newest and newest.run, "version", None),
    ]
    marked = [v.contaminated_at for v in concerned if v and v.contaminated_at]
    return bool(marked) and (newest is None or max(marked) > newest.created_at)


def reason() -> "str | Promise":
    """Why a retraining is due now; "" when it is not."""
    if has_withdrawals():
        return _("a face that the current model learned from was taken back")
    least = max(settings.RETRAIN_MIN_FACES, 1)
    count = new_faces(most := max(least, COUNTED_UP_TO))
    if count < least:
        return ""
    if count == most:
        sentence = _("{count} newly accepted faces are there, or more")
    else:
        sentence = _("{count} newly accepted faces are there")
    return format_lazy(sentence, count=count)
