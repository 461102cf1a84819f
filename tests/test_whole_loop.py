"""A photo's whole way, with real parts at every station.

Detected over the API, given with its token, accepted at the desk, trained on by a real
Celery worker whose child trains a small network with TensorFlow, examined, promoted,
and served to the next photo. The second training is a bad one and changes nothing.
"""

import subprocess
import sys

import numpy as np
import pytest
from django.urls import reverse

from labeling.models import Contribution, ModelVersion, TrainingRun
from labeling.registry import lineage, model_versions, serving
from ml.emotions import EMOTIONS
from ml.vision import decode
from tests.support import tiny_model
from tests.support.factories import make_accepted_crowd, make_photo, make_user
from tests.support.fault_injection import PATIENCE, wait_for
from tests.support.real_data import FACE_DETECTOR

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

QUEUE = ["-Q", "training"]
LEARNS = {"network": "vgg-tiny", "epochs": 30}


@pytest.fixture
def base(settings, tmp_path):
    """A champion that knows nothing of what is coming."""
    settings.FACE_DETECTOR = FACE_DETECTOR
    settings.FER2013 = settings.FERPLUS = None
    serving.forget()
    tiny_model.make_artefact(tmp_path / "base", name="base", certainty_threshold=0.1)
    yield model_versions.register_shipped(tmp_path / "base")
    serving.forget()


@pytest.fixture
def worker(site_env, tmp_path):
    """A training worker, a process of its own as in production."""
    environment = {**site_env, "FER2013": "", "FERPLUS": "", "ML_COMMAND": ""}
    environment["DJANGO_SETTINGS_MODULE"] = "webapp.config.settings"
    with (tmp_path / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "workers.app", "worker", *QUEUE],
            env=environment,
            stdout=log,
            stderr=log,
        )
        yield process
        process.terminate()
        process.wait(PATIENCE)


def test_a_photo_goes_all_the_way(base, worker, client):
    giver = make_user("giver")
    reviewer = make_user("reviewer", "reviewer")
    trainer = make_user("trainer", "trainer")
    make_accepted_crowd(train=210, exam=70, make_jpeg=pattern)

    face = give_a_face(client, giver)
    accept(client, reviewer, face)
    run = start(client, trainer, **LEARNS)
    wait_for_the_end_of(run)

    assert run.status == TrainingRun.Status.DONE, f"{run.message}\n{run.log}"
    assert run.exam.outcome == "promoted", run.exam.report["sentence"]
    version = ModelVersion.objects.get(is_champion=True)
    assert version.run == run
    assert version in lineage.versions_that_saw([face.pk])
    wait_for(lambda: detect(client)["model"] == version.name, "the new champion")

    worse = start(client, trainer, **{**LEARNS, "epochs": 1})
    wait_for_the_end_of(worse)

    assert worse.status == TrainingRun.Status.DONE, f"{worse.message}\n{worse.log}"
    assert worse.exam.outcome in ("kept", "rejected")
    assert model_versions.current() == version
    assert detect(client)["model"] == version.name


def detect(client):
    """What the site says of a photo; of a new champion it hears within a second."""
    answer = client.post(
        "/api/v1/detect?crops=1", make_photo(29), content_type="image/jpeg"
    )
    assert answer.status_code == 200, answer.content
    return answer.json()


def give_a_face(client, giver):
    client.force_login(giver)
    [seen] = detect(client)["faces"]
    gift = {
        "crop": seen["crop"],
        "token": seen["token"],
        "emotion": "happy",
        "adult": True,
        "keep": True,
    }
    answer = client.post("/api/v1/contributions", gift, content_type="application/json")
    assert answer.status_code == 201, answer.content
    face = Contribution.objects.get(pk=answer.json()["id"])
    assert face.model_version == model_versions.current()
    # Who examines is drawn; this one trains.
    Contribution.objects.filter(pk=face.pk).update(split="train")
    return face


def accept(client, reviewer, face):
    client.force_login(reviewer)
    client.get(reverse("review"))
    answer = client.post(reverse("review-decide", args=[face.pk]), {"act": "accept"})
    assert answer.status_code in (200, 302)
    face.refresh_from_db()
    assert face.status == Contribution.Status.ACCEPTED


def start(client, trainer, *, network, epochs):
    client.force_login(trainer)
    answer = client.post(
        reverse("training"),
        {"preset": "quick", "start": "scratch", "network": network, "epochs": epochs},
    )
    run = TrainingRun.objects.latest("pk")
    assert answer.url == reverse("run", args=[run.pk])
    return run


def wait_for_the_end_of(run):
    def is_over():
        run.refresh_from_db()
        return not run.is_active

    wait_for(is_over, "the end of the run")


def pattern(emotion, seed):
    """A "face" that a small network can learn to tell from others: stripes."""
    dice = np.random.default_rng(seed)
    period = (5, 9, 15, 24)[EMOTIONS.index(emotion) // 2]
    wave = np.sin(np.arange(48) / period * 2 * np.pi + dice.uniform(0, 6))
    grey = 120 + 70 * np.tile(wave, (48, 1)) + dice.normal(0, 8, (48, 48))
    if EMOTIONS.index(emotion) % 2:
        grey = grey.T
    grey = np.clip(grey, 0, 255).astype(np.uint8)
    return decode.encode_jpeg(np.repeat(grey[..., None], 3, axis=2))
