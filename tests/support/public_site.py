"""What a site that others reach states, for the environment and for settings."""

from typing import Any

STATED = {
    "CONTROLLER": "The Face Lab, Ltd.",
    "CONTROLLER_CONTACT": "lab@face.example",
    "DATA_PROTECTION_CONTACT": "https://face.example/privacy",
    "PURPOSE": "art_and_play",
    "LEGAL_BASIS": "consent",
    "NOT_AT_WORK_NOT_IN_SCHOOLS": "Ada Lovelace",
    "MINIMUM_AGE": "16",
    "KEEP_WAITING_DAYS": "90",
    "KEEP_REJECTED_DAYS": "14",
    "KEEP_BACKUPS_DAYS": "30",
    "IMPACT_ASSESSMENT": "2026-11-20",
}


def open_to_the_public(settings: Any, **changed: str) -> None:
    """The settings as such a site has them; its address stays the test's."""
    settings.IS_PUBLIC = True
    for name, text in (STATED | changed).items():
        setattr(settings, name, int(text) if text.isdigit() else text)
