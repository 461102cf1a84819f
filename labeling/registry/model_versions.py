"""Versions and which of them serves. A promotion is one row flipped in one transaction;
every web process sees it at its next look (`labeling/registry/serving.py`)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import transaction
from django.db.models.functions import Now
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from labeling.db import AdvisoryLock, hold_lock
from labeling.errors import Refused
from labeling.models import ModelVersion, Promotion, TrainingRun, User
from labeling.registry import lineage, model_files
from labeling.webhooks import deliveries
from ml.artefact import card as cards
from ml.artefact.predictor import Predictor


def current() -> ModelVersion | None:
    """The champion on record."""
    return ModelVersion.objects.filter(is_champion=True).first()


@contextmanager
def champion_locked() -> Iterator[None]:
    """A transaction in which nobody else changes the champion."""
    with transaction.atomic():
        hold_lock(AdvisoryLock.CHAMPION)
        yield


def register_shipped(folder: Path) -> ModelVersion:
    """Make the model that came with Mien known; the first one becomes champion.

    Doing it again changes nothing. Raises ml.errors.BadArtefact.
    """
    card = Predictor.load(folder).card
    cards.verify(folder)
    with champion_locked():
        version = ModelVersion.objects.filter(card__files=dict(card.files)).first()
        if version is None:
            version = _create(
                card, origin=ModelVersion.Origin.SHIPPED, name=_free_name(card)
            )
            model_files.store(version, folder)
        if current() is None:
            promote(version, kind=Promotion.Kind.FIRST)
    return version


def add(
    run: TrainingRun, folder: Path, *, parent: ModelVersion | None = None
) -> ModelVersion:
    """Keep what a run has trained. Call it inside `training_runs.fenced`."""
    card = Predictor.load(folder).card
    cards.verify(folder)
    with transaction.atomic():
        hold_lock(AdvisoryLock.LINEAGE)
        former = ModelVersion.objects.filter(run=run).first()
        if former is not None:  # an earlier attempt came this far
            return former
        if parent:
            parent.refresh_from_db(fields=["contaminated_at"])
        is_contaminated = bool(
            parent and parent.contaminated_at
        ) or lineage.saw_withdrawn(run.pk)
        version = _create(
            card,
            origin=ModelVersion.Origin.TRAINED,
            name=name_of(run),
            run=run,
            parent=parent,
        )
        model_files.store(version, folder)
        if is_contaminated:
            ModelVersion.objects.filter(pk=version.pk).update(contaminated_at=Now())
    return version


def name_of(run: TrainingRun) -> str:
    """What the version that comes of a run is called."""
    return f"mien-{run.pk}"


def promote(
    version: ModelVersion,
    *,
    kind: str,
    by: User | None = None,
    reason: str = "",
    instead_of: ModelVersion | None = None,
) -> Promotion:
    """Make a version champion, in one transaction with the record of who and why.

    `instead_of`: the champion that whoever decided had before his eyes. If another has
    taken its place since, nothing happens: Refused("champion_changed").
    """
    with champion_locked():
        former = current()
        if former and former.pk == version.pk:
            raise Refused("already_champion", _("This model is in use already."))
        if instead_of is not None and (former is None or former.pk != instead_of.pk):
            raise Refused(
                "champion_changed",
                format_lazy(
                    _("Meanwhile {name} was put in use. Look again, then decide."),
                    name=former.name if former else "-",
                ),
            )
        ModelVersion.objects.filter(is_champion=True).update(is_champion=False)
        ModelVersion.objects.filter(pk=version.pk).update(is_champion=True)
        version.is_champion = True
        names = {"version": version.name, "former": former.name if former else None}
        fact = {**names, "kind": kind}
        deliveries.announce(deliveries.Event.MODEL_PROMOTED, [fact])
        return Promotion.objects.create(
            version=version, former=former, kind=kind, by=by, reason=reason
        )


def override(
    version: ModelVersion,
    *,
    by: User,
    reason: str,
    instead_of: ModelVersion | None = None,
) -> Promotion:
    """A trainer promotes a version that the exam did not. Name and reason on record."""
    return _promote_by_hand(version, Promotion.Kind.OVERRIDE, by, reason, instead_of)


def roll_back(
    version: ModelVersion,
    *,
    by: User,
    reason: str,
    instead_of: ModelVersion | None = None,
) -> Promotion:
    """A trainer goes back to a version that served before."""
    if not version.promotions.exists():
        raise Refused("never_served", _("This model was never in use."))
    return _promote_by_hand(version, Promotion.Kind.ROLL_BACK, by, reason, instead_of)


def _promote_by_hand(
    version: ModelVersion,
    kind: str,
    by: User,
    reason: str,
    instead_of: ModelVersion | None,
) -> Promotion:
    if not reason.strip():
        raise Refused(
            "reason_missing", _("Please say why; the reason stays on record.")
        )
    with transaction.atomic():
        hold_lock(AdvisoryLock.LINEAGE)
        version.refresh_from_db(fields=["contaminated_at"])
        if version.contaminated_at:
            raise Refused(
                "contaminated",
                _("A face that this model learned from was taken back since."),
            )
        return promote(
            version, kind=kind, by=by, reason=reason.strip(), instead_of=instead_of
        )


def _create(
    card: cards.Card,
    *,
    origin: str,
    name: str,
    run: TrainingRun | None = None,
    parent: ModelVersion | None = None,
) -> ModelVersion:
    return ModelVersion.objects.create(
        name=name, origin=origin, run=run, parent=parent, card=card.to_json()
    )


def _free_name(card: cards.Card) -> str:
    """The card's name, or with a number where another version bears it."""
    name, number = card.name[:36], 1
    while ModelVersion.objects.filter(name=name).exists():
        number += 1
        name = f"{card.name[:36]}-{number}"
    return name
