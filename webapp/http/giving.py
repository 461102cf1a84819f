"""The one door to give a face by: page and API come through here, so that limits and
checks are the same for both."""

import functools

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from labeling.contributions import offers, repeated_gifts
from labeling.contributions.consent import Consent
from labeling.contributions.repeated_gifts import GiftName
from labeling.detection import photos
from labeling.errors import Refused
from labeling.models import Contribution
from webapp.http import admission, notice
from webapp.http.access import given_here, network, person


def give(
    request: HttpRequest,
    crop: bytes,
    emotion: str,
    *,
    token: str,
    consent: Consent,
    source: str,
    name: GiftName | None = None,
) -> tuple[offers.Offer, photos.FaceClaim]:
    """Count it, then keep the face. Raises TooMany, BadPicture, Refused."""
    admission.spend(request, "give", settings.GIVE_RATE)
    claim = photos.open_token(token, crop)
    offer = offers.offer(
        crop,
        emotion,
        by=person(request),
        consent=consent,
        claim=claim,
        source=source,
        notice_version=_notice_read(request, source),
        before=given_here(request),
        network=network(request),
        pk=name.pk if name else None,
        secret=name.secret if name else None,
    )
    return offer, claim


def give_unseen(
    request: HttpRequest,
    crop: bytes,
    emotion: str,
    *,
    consent: Consent,
    source: str,
) -> tuple[offers.Offer, photos.FaceClaim]:
    """A face that only the giver's own device has looked at: its square is looked at
    here anew, and nothing rests on what that device said. Raises too Busy, NoModel."""
    admission.spend(request, "detect", settings.DETECT_RATE)
    charge = admission.charge_for_work(request, "detect", settings.DETECT_RATE)
    with admission.turn(), charge:
        seen = photos.look_at_square(crop)
    if seen is None:
        raise Refused("no_face", _("The site cannot find a face in this square."))
    return give(
        request,
        seen.crop_jpeg,
        emotion,
        token=str(seen.token),
        consent=consent,
        source=source,
    )


def give_once(
    request: HttpRequest,
    crop: bytes,
    emotion: str,
    *,
    token: str,
    consent: Consent,
    source: str,
    key: str,
) -> offers.Offer:
    """As `give`; sent again with the same key, it is answered as the first time."""
    user = person(request)
    act = functools.partial(
        give, request, crop, emotion, token=token, consent=consent, source=source
    )
    if not key:
        return act()[0]
    name = repeated_gifts.name_of(key, token, by=user)
    if first := name.first_answer(by=user):
        return first
    try:
        return act(name=name)[0]
    except Refused as why:
        # Perhaps by the same request, which came at the same time.
        first = name.first_answer(by=user) if why.code == "token_spent" else None
        if first is None:
            raise
        return first


def _notice_read(request: HttpRequest, source: str) -> str:
    """Of those who come by the API, whoever built on it has told them, not we."""
    return notice.version_read(request) if source == Contribution.Source.SITE else ""
