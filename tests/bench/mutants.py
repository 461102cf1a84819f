"""Thousands of mutated pictures: what became of them, and what the dearest one cost.

    [MUTANTS=5000] FACE_DETECTOR=… python -m tests.bench.mutants

It ends at the first fault of ours, or at the first that takes more than two seconds.
"""

# ruff: noqa: E402 (Django is set up before anything of ours is imported)

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import logging
import platform
import sys
import tempfile
from collections import Counter
from pathlib import Path

import django

django.setup()

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import setup_test_environment

from labeling.registry import model_versions
from tests.bench.parts import page
from tests.security.test_mutants import DOORS, LIMIT
from tests.support import tiny_model
from tests.support.cpu_time import family_seconds
from tests.support.mutants import SEED, mutant
from tests.support.real_data import FACE_DETECTOR

MUTANTS = int(os.environ.get("MUTANTS", "5000"))


def main() -> None:
    setup_test_environment()
    logging.disable(logging.CRITICAL)
    settings.DETECT_RATE, settings.FACE_DETECTOR = None, FACE_DETECTOR
    connection.creation.create_test_db(verbosity=0)
    try:
        with tempfile.TemporaryDirectory() as name:
            tiny_model.make_artefact(Path(name) / "tiny")
            model_versions.register_shipped(Path(name) / "tiny")
            page.write_section("mutants", send_all())
    finally:
        connection.creation.destroy_test_db("mien", verbosity=0)


def send_all() -> str:
    client = Client(raise_request_exception=False)
    taken = sorted((send(client, number) for number in range(MUTANTS)), reverse=True)
    outcomes = Counter(outcome for _seconds, _name, outcome in taken)
    said = ", ".join(f"{n:,} times {outcome}" for outcome, n in outcomes.most_common())
    rows = [[name, outcome, f"{took:.2f}"] for took, name, outcome in taken[:5]]
    text = f"""## Mutated pictures

{MUTANTS:,} files of seed {SEED}, each sent to a page or the API, on {os.cpu_count()}
cores ({platform.machine()}). Answers: {said}. Processor time of all processes, of which
none may take more than {LIMIT:.0f} seconds; the dearest:

{page.table(["", "answer", "seconds"], rows)}
"""
    print(text)
    return text


def send(client: Client, number: int) -> tuple[float, str, str]:
    name, data = mutant(number)
    began = family_seconds()
    answer = DOORS[number % len(DOORS)](client, data)
    took = family_seconds() - began
    if answer.status_code >= 500 or took > LIMIT:
        sys.exit(f"{name}: {answer.status_code} in {took:.1f} seconds")
    return took, name, str(answer.status_code)


if __name__ == "__main__":
    main()
