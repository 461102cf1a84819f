"""The experiment's machinery: real doors, a fake of the training."""

import json
import random
import sys

import numpy as np
import pytest

from labeling.models import Contribution, User
from labeling.registry import model_versions, serving
from ml import config
from ml.artefact import card
from ml.config import Config
from ml.data import fer2013, splits
from ml.emotions import EMOTIONS
from tests.experiments import (
    crowd_report,
    crowds,
    held_out_rows,
    play_world,
    simulate_crowd,
)
from tests.experiments.crowds import World
from tests.support import tiny_model

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


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
                pixels = tiny_model.face(EMOTIONS[label], seed=seed)
                file.write(f"{label},{' '.join(map(str, pixels.ravel()))},{usage}\n")
    settings.FER2013, settings.FERPLUS = path, None
    return path


@pytest.fixture
def stock(small_fer2013):
    data = fer2013.read(small_fer2013)
    return held_out_rows.stock(data, held_out_rows.drawn(data, share=0.4, seed=1))


@pytest.fixture
def base(settings, tmp_path):
    settings.ML_COMMAND = [sys.executable, "-m", "tests.support.fake_ml"]
    serving.forget()
    tiny_model.make_artefact(tmp_path / "base", name="base", knows=2)
    return model_versions.register_shipped(tmp_path / "base")


def test_the_rows_kept_back_are_blank_and_the_others_in_their_places(
    small_fer2013, tmp_path
):
    whole = fer2013.read(small_fer2013)
    kept = held_out_rows.drawn(whole, share=0.4, seed=1)
    held_out_rows.write_without(whole, kept, tmp_path / "less.csv")
    less = fer2013.read(tmp_path / "less.csv")
    assert len(kept) == 112
    assert not less.pixels[kept].any()
    others = np.setdiff1d(np.arange(len(whole)), kept)
    assert (less.pixels[others] == whole.pixels[others]).all()
    assert (less.labels == whole.labels).all()


def test_copies_are_left_out_of_the_stock(small_fer2013):
    data = fer2013.read(small_fer2013)
    cells = np.random.default_rng(0).integers(0, 256, (len(data), 8, 8), np.uint8)
    data.pixels[:] = cells.repeat(6, 1).repeat(6, 2)
    data.pixels[1] = data.pixels[0][:, ::-1]  # its mirror image
    data.pixels[2] = data.pixels[300]  # a test face
    found = held_out_rows.without_copies(data, list(range(10)))
    assert found == [0, *range(3, 10)]


@pytest.mark.parametrize("poison", ["random", "pair", "group"])
def test_votes_keep_out_most_of_what_liars_say(db, stock, poison):
    lie = World(faces=60, poison=poison, share=0.4)
    dice = random.Random(lie.seed)
    rows = dice.sample(range(len(stock.labels)), lie.faces)
    with play_world.without_searches():
        counts = crowds.give_and_decide(lie, stock, crowds.gather(lie), rows, dice)
    stopped = counts["lies rejected"] + counts["lies relabelled"]
    assert stopped > counts["lies accepted"]


def test_without_votes_lies_pass_but_the_caps_hold_them_down(base, stock, settings):
    """And the model learns all the same; each line goes on from its own champion."""
    settings.CAP_FACES, settings.CAP_PERCENT = 1, 1
    lies = World(
        faces=30,
        batches=2,
        poison="random",
        share=0.2,
        without_votes=True,
        without=("", "caps"),
    )
    recipe = {"preset": "quick", "options": {"start": "scratch"}}
    with play_world.without_searches():
        played = crowds.play(lies, stock, recipe, tell=print)
    [before, first, capped], [_before, uncapped] = played["lines"].values()
    assert before["champion"]["name"] == "base"
    assert first["outcome"] == "promoted", first["message"]
    assert first["champion"]["accuracy"] > before["champion"]["accuracy"]
    assert capped["rows"] > first["rows"]
    assert uncapped["champion"]["name"] not in {"base", capped["champion"]["name"]}
    assert uncapped["lies"] == capped["lies"] > 0
    liars = User.objects.filter(username__startswith="liar").count()
    assert capped["lies_weight"] <= liars
    assert uncapped["lies_weight"] > capped["lies_weight"]
    assert Contribution.objects.filter(source_name="simulated crowd").exists()


def test_every_world_has_a_name_of_its_own():
    worlds = [
        World(),
        World(seed=2),
        World(poison="pair", share=0.2),
        World(poison="pair", share=0.2, without_votes=True),
    ]
    assert len({world.name for world in worlds}) == 4
    assert worlds[3].name == "s1-pair20-no-votes"


def test_the_command_plays_each_world_once_and_writes_the_page(
    small_fer2013, settings, tmp_path, monkeypatch
):
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "webapp.config.settings")
    monkeypatch.setattr(held_out_rows, "ALIKE", 2)  # drawn faces are much alike
    out, page = tmp_path / "results", tmp_path / "does-it-learn.md"
    arguments = [str(out), "--seeds", "1", "--honest-only", "--batches", "1"]
    arguments += ["--faces", "20", "--rows", "60", "--report", str(page)]
    assert simulate_crowd.main(arguments) == 0
    result = json.loads((out / "s1.json").read_text())
    assert [len(steps) for steps in result["lines"].values()] == [2, 2]
    assert result["lines"][""][1]["lies_weight"] == 0
    assert "<svg xmlns" in page.with_suffix(".svg").read_text()
    text = page.read_text()
    page.write_text(text.replace("# Does it learn?", "# Mine\n\nWhat I think of it."))
    changed = (out / "s1.json").stat().st_mtime_ns
    assert simulate_crowd.main(arguments) == 0
    assert (out / "s1.json").stat().st_mtime_ns == changed
    assert "What I think of it." in page.read_text()
    assert "honest 1" in page.read_text()


def test_the_shipped_model_is_given_rows_it_has_not_seen(small_fer2013, tmp_path):
    data = fer2013.read(small_fer2013)
    simulate_crowd.copy_shipped(data, tmp_path)
    kept = json.loads((tmp_path / "kept-0.json").read_text())
    found = card.read(tmp_path / "base-0")
    every = config.from_json(dict(found.config)).tune_every
    _train, tune, _counts = splits.split_rows(data, None, Config(tune_every=every))
    assert 0 < len(kept) <= len(tune)
    assert set(kept) <= set(tune.index)
    assert not fer2013.read(tmp_path / "fer2013-0.csv").pixels[kept].any()


def test_the_page_tells_of_the_shipped_model(tmp_path):
    step = {"lies": 0, "message": "Promoted.", "rows": 1784}
    figures = {"accuracy": 0.7, "macro_f1": 0.67}
    step |= {"champion": figures, "challenger": figures}
    shipped = World(seed=crowds.SHIPPED, batches=1)
    found = {"world": crowds.as_json(shipped), "given": [], "lines": {"": [step] * 2}}
    (tmp_path / "shipped.json").write_text(json.dumps(found))
    crowd_report.write(tmp_path, tmp_path / "page.md")
    page = (tmp_path / "page.md").read_text()
    assert "fine-tuned with 1,784 faces it had not seen. Promoted." in page
    assert "honest 0" not in page
