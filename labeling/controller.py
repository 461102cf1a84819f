"""Who answers for a site that the public can reach, as its operator stated it.

`webapp/config/public_mode.py` asks for it before anything starts; pages, the notice and
the papers say it on. A site for one machine alone has nobody to name.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# What a site may be for. Work, recruitment, schools and policing are not among them.
PURPOSES: dict[str, Promise] = {
    "research": _("research"),
    "art_and_play": _("art and play"),
    "teaching_about_ai": _("teaching people about AI"),
    "accessibility_research": _("research on accessibility"),
}
# On what a look at a picture rests; what is kept rests on consent in any case.
LEGAL_BASES: dict[str, Promise] = {
    "consent": _("your consent"),
    "legitimate_interests": _("a legitimate interest"),
    "public_task": _("a task in the public interest"),
}
NO_CONTACT = "none"
ASSESSMENT_LASTS = timedelta(days=365)
SAID_AHEAD = timedelta(days=30)


@dataclass(frozen=True)
class Controller:
    name: str
    contact: str  # an email address or a page
    data_protection: str  # likewise; empty: there is none
    legal_basis: str
    purpose: str
    declared_by: str  # who says that it is not used at work and not in schools
    minimum_age: int  # years
    assessed_on: date  # the impact assessment

    @property
    def lapses_on(self) -> date:
        """From then on the impact assessment is too old."""
        return self.assessed_on + ASSESSMENT_LASTS

    @property
    def has_lapsed(self) -> bool:
        return timezone.localdate() >= self.lapses_on

    @property
    def lapses_soon(self) -> bool:
        return timezone.localdate() >= self.lapses_on - SAID_AHEAD

    @property
    def purpose_in_words(self) -> Promise:
        return PURPOSES[self.purpose]

    @property
    def legal_basis_in_words(self) -> Promise:
        return LEGAL_BASES[self.legal_basis]


def stated() -> Controller | None:
    """None on a site for this machine alone."""
    if not settings.IS_PUBLIC:
        return None
    contact = settings.DATA_PROTECTION_CONTACT
    return Controller(
        name=settings.CONTROLLER,
        contact=settings.CONTROLLER_CONTACT,
        data_protection="" if contact == NO_CONTACT else contact,
        legal_basis=settings.LEGAL_BASIS,
        purpose=settings.PURPOSE,
        declared_by=settings.NOT_AT_WORK_NOT_IN_SCHOOLS,
        minimum_age=settings.MINIMUM_AGE,
        assessed_on=date.fromisoformat(settings.IMPACT_ASSESSMENT),
    )
