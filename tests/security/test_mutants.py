"""Mutated pictures at the site's doors: read or refused, and soon, never a fault.

`python -m tests.bench.mutants` sends thousands.
"""

import base64
from io import BytesIO
from typing import Any

import pytest
from django.test import Client

from tests.support.cpu_time import family_seconds
from tests.support.mutants import mutant, originals

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("champion", "unlimited")]

MUTANTS = 300
LIMIT = 2.0  # seconds of all cores together, for one
REFUSED = {400, 413, 415}


@pytest.fixture
def unlimited(settings: Any) -> None:
    settings.DETECT_RATE = None


@pytest.mark.parametrize("name", originals())
def test_what_the_mutants_come_from_is_read(client: Client, name: str) -> None:
    assert as_body(client, originals()[name]).status_code == 200


@pytest.mark.parametrize("part", range(3))
def test_a_mutant_is_read_or_refused_and_soon(client: Client, part: int) -> None:
    client.raise_request_exception = False
    faults, refused = [], 0
    for number in range(part, MUTANTS, 3):
        name, data = mutant(number)
        began = family_seconds()
        answer = DOORS[number // 3 % len(DOORS)](client, data)
        took = family_seconds() - began
        refused += answer.status_code in REFUSED
        if answer.status_code not in {200, *REFUSED} or took > LIMIT:
            faults.append(f"{name}: {answer.status_code} in {took:.1f} s")
    assert faults == []
    assert MUTANTS / 3 * 0.1 < refused < MUTANTS / 3


def as_body(client: Client, data: bytes) -> Any:
    return client.post("/api/v1/detect", data, content_type="application/octet-stream")


def as_file(client: Client, data: bytes) -> Any:
    photo = BytesIO(data)
    photo.name = "photo.jpg"
    return client.post("/contribute/", {"photo": photo, "emotion": "sad"})


def as_crop(client: Client, data: bytes) -> Any:
    """As a face that was found comes back; most are refused by their form."""
    crop = base64.b64encode(data).decode()
    return client.post("/contribute/", {"crop": crop, "token": "x", "emotion": "sad"})


DOORS = (as_body, as_body, as_file, as_crop)
