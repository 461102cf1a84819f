"""What a site for the public has to state before it starts: who answers for it, what it
is for, how long faces are kept, from what age. `manage.py public_mode` asks for it.

It is looked at before anything starts, by each role (`deploy/supervisor/preflight.py`,
`workers/app.py`), not where settings are read: commands that mend a site still run.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import urlsplit

from labeling.controller import LEGAL_BASES, NO_CONTACT, PURPOSES
from webapp.config import env

THIS_MACHINE = ("", "127.0.0.1", "localhost", "::1")
AGES = range(13, 100)
LONGEST = 200  # characters of a value
CONTACT = re.compile(r"[^\s@:/]+@[^\s@:/]+|https://\S+")
# They would have to be escaped, and each reader of such a file does that otherwise.
NOT_IN_A_FILE = "'\"\\$`"


@dataclass(frozen=True)
class Question:
    """One value. `check` raises ValueError with what is wrong with it."""

    name: str  # of the environment variable
    asks: str
    check: Callable[[str], object]
    options: tuple[str, ...] = ()


def is_public(site_url: str) -> bool:
    """Can this address be reached from another machine?"""
    return (urlsplit(site_url).hostname or "") not in THIS_MACHINE


def unstated(site_url: str) -> list[str]:
    """What a site at this address still has to state, a sentence each; none on one's
    own machine."""
    if not is_public(site_url):
        return []
    return faults({question.name: given(question) for question in QUESTIONS})


def given(question: Question) -> str:
    """As the environment has it."""
    return env.text(question.name)


def faults(answers: Mapping[str, str]) -> list[str]:
    found = {one.name: fault(one, answers.get(one.name, "")) for one in QUESTIONS}
    return [f"{name} {why}" for name, why in found.items() if why]


def fault(question: Question, value: str) -> str:
    """What is wrong with this answer; empty where nothing is."""
    if not value:
        return f"is not set. {question.asks}"
    try:
        _writable(value)
        question.check(value)
    except ValueError as why:
        return f"is {value!r}; {why}."
    return ""


def _writable(value: str) -> None:
    if len(value) > LONGEST:
        raise ValueError(f"it takes {LONGEST} characters at most")
    if not value.isprintable() or set(value) & set(NOT_IN_A_FILE):
        raise ValueError(f"it takes one line without any of {NOT_IN_A_FILE}")


def _any(value: str) -> None:
    """A name: whatever can be written."""


def _contact(value: str) -> None:
    if not CONTACT.fullmatch(value):
        raise ValueError("it takes an email address or an https:// page")


def _contact_or_none(value: str) -> None:
    if value != NO_CONTACT:
        _contact(value)


def _purpose(value: str) -> None:
    if value not in PURPOSES:
        raise ValueError(
            f"it takes one of {', '.join(PURPOSES)}: work, recruitment, schools and "
            "policing cannot be chosen"
        )


def _legal_basis(value: str) -> None:
    if value not in LEGAL_BASES:
        raise ValueError(f"it takes one of {', '.join(LEGAL_BASES)}")


def _somebody(value: str) -> None:
    if value.lower() in ("yes", "true", "on", "1", "no", "false", "off", "0"):
        raise ValueError("it takes the name of the person who declares it")


def _days(value: str) -> None:
    if not value.isdigit() or int(value) < 1:
        raise ValueError("it takes a number of days")


def _age(value: str) -> None:
    if not value.isdigit() or int(value) not in AGES:
        raise ValueError(f"it takes a number of years from {AGES[0]} to {AGES[-1]}")


def _past_day(value: str) -> None:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise ValueError("it takes a day as 2026-11-28") from None
    if day > datetime.now(UTC).date():  # settings may not be there yet
        raise ValueError("that day has not come yet")


QUESTIONS = (
    Question(
        "CONTROLLER",
        "Who answers for the site: a person or an organisation, by name.",
        _any,
    ),
    Question(
        "CONTROLLER_CONTACT",
        "Where visitors reach them: an email address or an https:// page.",
        _contact,
    ),
    Question(
        "DATA_PROTECTION_CONTACT",
        f"Whom to ask about data protection; {NO_CONTACT} where nobody is appointed.",
        _contact_or_none,
    ),
    Question(
        "PURPOSE",
        "What the site is for. Work, recruitment, schools and policing are excluded.",
        _purpose,
        tuple(PURPOSES),
    ),
    Question(
        "LEGAL_BASIS",
        "On what a look at a visitor's picture rests (GDPR, Article 6).",
        _legal_basis,
        tuple(LEGAL_BASES),
    ),
    Question(
        "NOT_AT_WORK_NOT_IN_SCHOOLS",
        "Who declares, by name, that the site is not used at work and not in schools.",
        _somebody,
    ),
    Question("MINIMUM_AGE", "From what age people may use the site, in years.", _age),
    Question(
        "KEEP_WAITING_DAYS",
        "After how many days faces are deleted that nobody decided about.",
        _days,
    ),
    Question(
        "KEEP_REJECTED_DAYS", "After how many days rejected faces are deleted.", _days
    ),
    Question("KEEP_BACKUPS_DAYS", "After how many days backups are deleted.", _days),
    Question(
        "IMPACT_ASSESSMENT",
        "The day of the data protection impact assessment, as 2026-11-28.",
        _past_day,
    ),
)
