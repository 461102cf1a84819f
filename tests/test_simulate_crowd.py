"""The experiment's machinery: real doors, the stand-in for training."""

import json
import sys

import numpy as np
import pytest
from django.core.management import call_command

from labeling import champions, serving
from labeling.models import Contribution, User
from ml import fer2013
from ml.emotions import EMOTIONS
from tests import tiny
from workers import simulation
from workers.simulation import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def small_fer2013(settings, tmp_path):
    """A FER-2013 of 280 rows for training and 28 for each test."""
    path = tmp_path / "small.csv"
    with path.open("w") as file:
        file.write("emotion,pixels,Usage\n")
        seed = 0
        for usage, count in (
            ("Training", 280),
            ("PublicTest", 28),
            ("PrivateTest", 28),
        ):
            for _ in range(count):
                seed += 1
                label = seed % len(EMOTIONS)
                pixels = tiny.face(EMOTIONS[label], seed=seed)
                file.write(f"{label},{' '.join(map(str, pixels.ravel()))},{usage}\n")
    settings.FER2013, settings.FERPLUS = path, None
    return path


@pytest.fixture
def stock(small_fer2013, tmp_path):
    rows = simulation.keep_back(small_fer2013, tmp_path / "less.csv", share=0.4, seed=1)
    return simulation.supply(small_fer2013, None, rows)


@pytest.fixture
def base(settings, tmp_path):
    program = [sys.executable, "-m", "tests.stand_in_ml"]
    settings.ML_COMMAND = program
    serving.forget()
    tiny.make_artefact(tmp_path / "base", name="base", knows=2)
    return champions.register_shipped(tmp_path / "base")


def play(world, stock):
    return list(simulation.play(world, stock, {"start": "scratch"}, tell=print))


def test_the_rows_kept_back_are_blank_and_the_others_in_their_places(
    small_fer2013, tmp_path
):
    kept = simulation.keep_back(small_fer2013, tmp_path / "less.csv", share=0.4, seed=1)
    whole, less = fer2013.read(small_fer2013), fer2013.read(tmp_path / "less.csv")
    assert len(kept) == 112
    assert not less.pixels[kept].any()
    others = np.setdiff1d(np.arange(len(whole)), kept)
    assert (less.pixels[others] == whole.pixels[others]).all()
    assert (less.labels == whole.labels).all()


def test_an_honest_crowd_gives_votes_reviews_and_trains(base, stock):
    steps = play(World(faces=30, batches=2), stock)
    assert [step["batch"] for step in steps] == [0, 1, 2]
    assert steps[1]["status"] == "done", steps[1]["message"]
    assert steps[1]["outcome"] == "promoted"
    assert steps[2]["rows"] > steps[1]["rows"]
    assert steps[2]["lies_weight"] == 0
    assert Contribution.objects.filter(source_name="simulated crowd").exists()


@pytest.mark.parametrize("poison", ["random", "pair", "group"])
def test_votes_keep_out_most_of_what_liars_say(base, stock, poison):
    lie = World(faces=60, batches=1, poison=poison, share=0.4)
    [_before, after] = play(lie, stock)
    accepted = after["counts"]["lies accepted"]
    stopped = after["counts"]["lies rejected"] + after["counts"]["lies relabelled"]
    assert stopped > accepted


def test_without_votes_lies_pass_but_the_caps_hold_them_down(base, stock, settings):
    settings.CAP_FACES = 1
    lies = World(faces=60, batches=1, poison="random", share=0.2, without="votes")
    [_before, after] = play(lies, stock)
    accepted = after["counts"]["lies accepted"]
    assert accepted > 0
    liars = User.objects.filter(username__startswith="liar").count()
    assert after["lies_weight"] <= liars


def test_every_world_has_a_name_of_its_own():
    worlds = [
        World(),
        World(seed=2),
        World(poison="pair", share=0.2),
        World(poison="pair", share=0.2, without="caps"),
    ]
    assert len({world.name for world in worlds}) == 4
    assert worlds[3].name == "s1-pair20-no-caps"


def test_the_command_plays_each_world_once_and_writes_the_page(
    small_fer2013, settings, tmp_path, monkeypatch
):
    stand_in = [sys.executable, "-m", "tests.stand_in_ml"]
    settings.ML_COMMAND = stand_in
    monkeypatch.setenv("ML_COMMAND", " ".join(stand_in))
    monkeypatch.setenv("FERPLUS", "")
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "webapp.settings")
    out, page = tmp_path / "results", tmp_path / "does-it-learn.md"
    arguments = ["simulate_crowd", str(out), "--seeds", "1", "--honest-only"]
    arguments += ["--faces", "20", "--report", str(page)]
    call_command(*arguments)
    result = json.loads((out / "s1.json").read_text())
    assert len(result["results"]) == 4
    assert "Does it learn?" in page.read_text()
    assert "<svg" in page.with_suffix(".svg").read_text()
    changed = (out / "s1.json").stat().st_mtime_ns
    call_command(*arguments)
    assert (out / "s1.json").stat().st_mtime_ns == changed
