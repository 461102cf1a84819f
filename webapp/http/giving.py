"""The one door to give a face by: page and API come through here, so that limits and
checks are the same for both."""

from django.conf import settings
from django.http import HttpRequest

from labeling.contributions import offers
from labeling.contributions.consent import Consent
from labeling.detection import photos
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
    )
    return offer, claim


def _notice_read(request: HttpRequest, source: str) -> str:
    """Of those who come by the API, whoever built on it has told them, not we."""
    return notice.version_read(request) if source == Contribution.Source.SITE else ""
