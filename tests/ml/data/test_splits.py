"""Cleaning and cutting: what stays out of training, and why."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml.config import Config, from_json, parse_knob, preset
from ml.data import arrays, fer2013, snapshot, splits
from ml.data.arrays import PRIVATE, PUBLIC, TRAINING, BadData, Fer2013
from ml.data.ferplus import Votes
from ml.errors import BadInput
from ml.training import pipeline
from tests.support import training_data


def make_data(n: int = 140) -> Fer2013:
    """Training rows, then a few of each test split."""
    pixels, labels = training_data.faces(n + 14)
    usage = np.array([TRAINING] * n + [PUBLIC] * 7 + [PRIVATE] * 7, np.uint8)
    return Fer2013(pixels, labels.astype(np.uint8), usage)


def no_votes(n: int) -> np.ndarray:
    return np.zeros((n, 10), np.int64)


def test_rows_that_occur_in_a_test_are_not_trained_on() -> None:
    data = make_data()
    data.pixels[3] = data.pixels[-1]
    data.pixels[4] = data.pixels[-10]
    train, tune, counts = splits.split_rows(data, None, Config())
    assert counts["leaked"] == 2
    assert not {3, 4} & {*train.index, *tune.index}
    kept, _tune, counts = splits.split_rows(data, None, Config(drop_leaked=False))
    assert counts["leaked"] == 0


def test_of_equal_pictures_one_stays_with_the_mean_of_their_labels() -> None:
    data = make_data()
    data.pixels[8] = data.pixels[15] = data.pixels[1]
    data.labels[15] = 5
    train, tune, counts = splits.split_rows(data, None, Config())
    rows = arrays.join(train, tune)
    assert counts["duplicates"] == 2
    assert not {8, 15} & set(rows.index)
    target = rows.targets[rows.index == 1][0, 0]
    assert target == pytest.approx(np.eye(7)[1] * 2 / 3 + np.eye(7)[5] / 3)
    *_, counts = splits.split_rows(data, None, Config(drop_conflicts=True))
    assert counts["conflicting"] == 3


def test_blank_pictures_and_those_raters_call_no_face_are_left_out() -> None:
    data = make_data()
    data.pixels[6] = 0
    counts = no_votes(len(data))
    counts[7, 9] = 10
    *_, removed = splits.split_rows(data, Votes(counts), Config())
    assert (removed["blank"], removed["non_faces"]) == (1, 1)
    assert removed["kept"] == 138


def test_labels_that_most_raters_contradict_can_be_left_out_but_not_of_tune() -> None:
    data = make_data()
    said = no_votes(len(data))
    said[:, 0] = 10  # angry, which one face in seven is
    train, tune, counts = splits.split_rows(
        data, Votes(said), Config(drop_contradicted=True)
    )
    assert set(train.labels) == {0}
    assert set(tune.labels) - {0}
    assert counts["contradicted"] == 140 - len(tune) - len(train)


def test_tune_is_a_fixed_tenth_and_equal_pictures_fall_alike() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (4000, 48, 48), np.uint8)
    held = splits.is_tune(pixels)
    assert 0.08 < held.mean() < 0.12
    assert np.array_equal(splits.is_tune(pixels[::-1]), held[::-1])


def test_a_last_run_learns_from_part_of_tune_and_spares_the_rest() -> None:
    data = make_data(700)
    train, tune, _counts = splits.split_rows(data, None, Config())
    more, spared, _counts = splits.split_rows(data, None, Config(tune_every=30))
    assert not set(train.index) & set(tune.index)
    assert not set(more.index) & set(spared.index)
    assert set() < set(spared.index) < set(tune.index)
    assert set(train.index) < set(more.index)
    assert len(more) + len(spared) == len(train) + len(tune)


@pytest.mark.parametrize("every", [0, 7, 25])
def test_tune_is_never_made_of_other_rows(every: int) -> None:
    with pytest.raises(BadInput, match="a multiple of it"):
        splits.split_rows(make_data(), None, Config(tune_every=every))


def test_votes_are_the_second_target() -> None:
    data = make_data()
    counts = no_votes(len(data))
    counts[:, 3], counts[:, 6] = 6, 4
    rows = splits.fer_rows(data, Votes(counts), Config())
    assert rows.targets[0, 1] == pytest.approx([0, 0, 0, 0.6, 0, 0, 0.4])
    assert rows.targets[0, 0, data.labels[0]] == 1
    assert (rows.majority == 3).all()


def test_a_subset_of_emotions_leaves_the_others_out() -> None:
    config = replace(Config(), emotions=("happy", "sad", "angry"))
    train, tune, counts = splits.split_rows(make_data(), None, config)
    rows = arrays.join(train, tune)
    assert counts["other_emotions"] == 80
    assert rows.targets.shape[2] == 3
    assert set(rows.labels) == {0, 1, 2}


def test_a_snapshot_gives_its_rows_by_split(tmp_path: Path) -> None:
    folder = training_data.snapshot(tmp_path / "s", train=21, exam=14)
    names = Config().emotions
    ids, rows = snapshot.read(folder, "train", names)
    assert rows is not None
    assert (ids[0], len(rows)) == ("train0", 21)
    assert rows.targets.shape == (21, 2, 7)
    _ids, exam = snapshot.read(folder, "exam", names)
    assert exam is not None
    assert len(exam) == 14
    assert snapshot.read(tmp_path / "s", "other", names) == ([], None)


def test_contributions_join_fer2013(tmp_path: Path) -> None:
    folder = training_data.snapshot(tmp_path / "s", train=21)
    csv = training_data.fer2013(tmp_path / "fer2013.csv", train=140)
    gathered = pipeline.load_data(pipeline.Sources(folder, csv), Config())
    assert gathered.facts["contributions"] == 21
    assert int((gathered.train.index == -1).sum()) == 21
    assert (gathered.tune.index >= 0).all()
    assert gathered.facts["hash"] == "0" * 64


def test_without_fer2013_a_tenth_of_the_contributions_is_tune(tmp_path: Path) -> None:
    folder = training_data.snapshot(tmp_path / "s", train=210)
    gathered = pipeline.load_data(pipeline.Sources(folder), Config())
    assert len(gathered.train) + len(gathered.tune) == 210
    after_a_last_run = pipeline.load_data(
        pipeline.Sources(folder), Config(tune_every=30)
    )
    assert len(after_a_last_run.tune) == len(gathered.tune) > 10
    assert 0 < len(gathered.tune) < 60


def test_an_empty_snapshot_alone_is_refused(tmp_path: Path) -> None:
    folder = training_data.snapshot(tmp_path / "s", exam=7)
    with pytest.raises(BadData, match="nothing to train on"):
        pipeline.load_data(pipeline.Sources(folder), Config())


def test_a_config_survives_its_own_json() -> None:
    config = preset("quick", seed=9, emotions=("happy", "sad"))
    assert from_json(config.to_json() | {"of_a_later_version": 1}) == config


def test_knobs_are_parsed_by_their_type() -> None:
    assert parse_knob("epochs=3") == ("epochs", 3)
    assert parse_knob("mirror=false") == ("mirror", False)
    assert parse_knob("rate=0.1") == ("rate", 0.1)
    assert parse_knob("emotions=happy,sad") == ("emotions", ("happy", "sad"))
    with pytest.raises(ValueError, match="no such knob"):
        parse_knob("speed=9")
    with pytest.raises(ValueError):
        parse_knob("epochs=many")


def test_the_cache_is_not_needed(tmp_path: Path) -> None:
    csv = training_data.fer2013(tmp_path / "fer2013.csv", train=7, public=1, private=1)
    assert len(fer2013.read(csv)) == 9
