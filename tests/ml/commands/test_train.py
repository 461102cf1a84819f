"""Training from a shell: the same figures for the same seed, and no half a model."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from ml import __main__ as ml
from ml.artefact import card
from ml.artefact.predictor import Predictor
from ml.config import Config, preset
from ml.training import optimizer, pipeline, training_loop
from ml.training_events import Epoch, Event
from tests.support import training_data
from tests.support.made_once import made_once

pytestmark = pytest.mark.slow

TINY = {
    "network": "vgg-tiny",
    "epochs": 2,
    "batch": 32,
    "ema": 0.5,
    "warm_up": 0.1,
    "precision": "float32",
    "zoom": 0.05,  # the made faces tell by the width of their stripes
    "erase": 0.0,
    "mixup": 0.0,
}


def arguments(data: Path, out: Path, *more: str, **knobs: Any) -> list[str]:
    chosen = [f"--set={name}={value}" for name, value in (TINY | knobs).items()]
    return ["train", str(data), str(out), "--json", *chosen, *more]


def train_here(capsys, *args: Any, **knobs: Any) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert ml.main(arguments(*args, **knobs)) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def figures(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of each epoch, what does not depend on the clock or the folder."""
    volatile = {"seconds_left", "checkpoint", "pipeline"}
    epochs = [e for e in events if e["event"] == "epoch"]
    return [{k: v for k, v in e.items() if k not in volatile} for e in epochs]


@pytest.fixture(scope="session")
def csv() -> Path:
    def make(folder: Path) -> None:
        training_data.fer2013(folder / "fer2013.csv", train=420)

    return made_once("stripes", make) / "fer2013.csv"


@pytest.fixture(scope="session")
def trained(csv: Path) -> Path:
    def make(folder: Path) -> None:
        assert ml.main(arguments(csv, folder / "out", epochs=6)) == 0

    return made_once("trained", make) / "out"


def test_a_network_learns_and_its_folder_is_a_whole_artefact(trained: Path) -> None:
    found = card.verify(trained)
    assert set(found.files) >= {"model.onnx", "model.keras", "report.html"}
    assert found.config["network"] == "vgg-tiny"
    assert found.metrics["tune"].accuracy > 0.6
    assert found.snapshot.cleaning.training_rows == 420
    assert 0.25 <= found.certainty_threshold <= 0.6
    assert Predictor.load(trained).emotions == Config().emotions
    assert not list(trained.glob("*part*"))


def test_the_lines_tell_the_whole_story(csv: Path, tmp_path: Path, capsys) -> None:
    events = train_here(capsys, csv, tmp_path / "out")
    kinds = [e["event"] for e in events if e["event"] != "step"]
    assert kinds == ["start", "epoch", "epoch", "done"]
    assert events[0]["rows"] + events[0]["tune_rows"] == 420
    epoch = next(e for e in events if e["event"] == "epoch")
    assert {"loss", "accuracy", "tune_loss", "tune_accuracy"} <= set(epoch)
    assert Path(epoch["checkpoint"]).name == "checkpoint"


def train_rows(csv: Path, out: Path, *, on_event=None, resume=False, **knobs: Any):
    """Only the training itself: its history, without export and report."""
    config = preset("full", **(TINY | knobs))
    gathered = pipeline.load_data(pipeline.Sources(csv), config)
    _network, history = training_loop.train(
        config,
        gathered.train,
        gathered.tune,
        out,
        on_event=on_event or (lambda _event: None),
        resume=resume,
    )
    return figures([epoch.model_dump() for epoch in history])


def test_the_same_seed_gives_the_same_figures(csv: Path, tmp_path: Path) -> None:
    first = train_rows(csv, tmp_path / "a", epochs=1)
    assert train_rows(csv, tmp_path / "b", epochs=1) == first
    assert train_rows(csv, tmp_path / "c", epochs=1, seed=2) != first


def test_a_resumed_run_ends_as_if_never_stopped(csv: Path, tmp_path: Path) -> None:
    knobs = {"epochs": 3, "dropout": 0.2}
    whole = train_rows(csv, tmp_path / "whole", **knobs)

    class Killed(Exception):
        pass

    def kill(event: Event) -> None:
        if isinstance(event, Epoch) and event.epoch == 2:
            raise Killed

    with pytest.raises(Killed):
        train_rows(csv, tmp_path / "cut", on_event=kill, **knobs)
    assert train_rows(csv, tmp_path / "cut", resume=True, **knobs) == whole


def test_a_warm_start_goes_on_from_what_is_known(
    csv: Path, trained: Path, tmp_path: Path, capsys
) -> None:
    warm = ["--warm-start", str(trained), "--preset", "finetune"]
    events = train_here(
        *(capsys, csv, tmp_path / "out", *warm),
        rate=0.0005,
        network="vgg-small",
        votes_share=0.2,
    )
    known = card.read(trained).metrics["tune"].accuracy
    done = next(e for e in events if e["event"] == "done")
    assert done["metrics"]["tune"]["accuracy"] >= known - 0.06
    later = card.read(tmp_path / "out")
    assert later.config["network"] == "vgg-tiny", "the champion's, whatever was asked"
    assert later.config["votes_share"] == 0.2, "as asked"
    assert later.snapshot.warm_start == trained.name


def test_what_the_champion_stands_is_taught_on(trained: Path, tmp_path: Path) -> None:
    content = json.loads((trained / "card.json").read_text())
    content["config"]["degrade"] = 0.25
    (tmp_path / "card.json").write_text(json.dumps(content))
    config = preset("finetune")
    assert pipeline.warm_start_config(tmp_path, config).degrade == 0.25
    as_asked = pipeline.warm_start_config(tmp_path, config, explicit={"degrade"})
    assert as_asked.degrade == 0.0


def test_a_fresh_network_learns_from_teachers(
    csv: Path, trained: Path, tmp_path: Path, capsys
) -> None:
    teachers = ["--teacher", str(trained)] * 2
    train_here(capsys, csv, tmp_path / "out", *teachers, distil=0.5, epochs=1)
    assert card.read(tmp_path / "out").snapshot.teachers == (trained.name,) * 2


def test_a_teacher_that_cannot_teach_is_refused(
    csv: Path, trained: Path, tmp_path: Path, capsys
) -> None:
    for teacher, knobs, why in (
        (tmp_path / "nobody", {"distil": 0.5}, "nobody"),
        (trained, {"distil": 0.5, "heads": 1}, "has 2 heads, not 1"),
        (trained, {}, "teachers count by the distil knob"),
    ):
        asked = arguments(csv, tmp_path / "out", "--teacher", str(teacher), **knobs)
        assert ml.main(asked) == 3
        assert why in capsys.readouterr().err


def test_the_targets_hold_what_the_teachers_say_on_the_mean(
    csv: Path, trained: Path
) -> None:
    config = preset("full", **TINY, distil=0.25, label_smoothing=0.0)
    rows = pipeline.load_data(pipeline.Sources(csv), config).train
    one = pipeline.load_network(trained), config
    other = training_loop.compile_network(config, None), config
    plain = training_loop.make_targets(config, rows, [])

    def said(*teachers: Any) -> Any:
        return (
            training_loop.make_targets(config, rows, teachers) - 0.75 * plain
        ) / 0.25

    assert (plain.max(-1) == 1).all(), "labels alone"
    np.testing.assert_allclose(said(one).sum(-1), 1, atol=1e-5)
    mean = (said(one) + said(other)) / 2
    np.testing.assert_allclose(said(one, other), mean, atol=1e-5)
    assert np.abs(said(one) - said(other)).max() > 0.1


def test_what_the_champion_learned_from_measures_nothing_after_it(
    csv: Path, trained: Path, tmp_path: Path, capsys
) -> None:
    first, later = tmp_path / "first", tmp_path / "later"
    warm = {"epochs": 0, "tune_every": 30}
    train_here(capsys, csv, first, "--warm-start", str(trained), **warm)
    train_here(capsys, csv, later, "--warm-start", str(first), epochs=0)
    counts = [card.read(f).snapshot.cleaning for f in (trained, first, later)]
    assert 0 < counts[1].tune == counts[2].tune < counts[0].tune


def test_a_trained_network_is_exported_by_the_same_command_again(
    csv: Path, trained: Path, tmp_path: Path, capsys
) -> None:
    """As where another backend trained it, which cannot export."""
    shutil.copytree(trained, tmp_path / "out")
    (tmp_path / "out" / "card.json").unlink()
    events = train_here(capsys, csv, tmp_path / "out", "--resume", epochs=6)
    assert figures(events) == [], "nothing was left to learn"
    assert card.read(tmp_path / "out").metrics["tune"].n > 0


def test_no_epochs_export_the_same_network_to_be_served_otherwise(
    csv: Path, trained: Path, tmp_path: Path, capsys
) -> None:
    out = tmp_path / "out"
    start = ["--warm-start", str(trained)]
    train_here(capsys, csv, out, *start, epochs=0, wide="yes", votes_share=0.5)
    weights = [pipeline.load_network(folder).get_weights() for folder in (trained, out)]
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)
    assert card.read(out).config["wide"]
    assert card.read(out).config["votes_share"] == 0.5
    assert pipeline.load_history(out) == pipeline.load_history(trained)
    assert len(pipeline.load_history(out)) == 6
    assert pipeline.load_history(tmp_path) == []


def test_a_run_on_contributions_alone(tmp_path: Path, capsys) -> None:
    snapshot = training_data.snapshot(tmp_path / "snapshot", train=140, exam=14)
    events = train_here(capsys, snapshot, tmp_path / "out")
    assert events[-1]["event"] == "done"
    assert card.read(tmp_path / "out").snapshot.contributions == 140
    nodes = onnx.load(tmp_path / "out" / "model.onnx").graph.node
    assert "QuantizeLinear" in {node.op_type for node in nodes}  # though Tune is small


def test_a_site_that_could_not_have_the_detector_trains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.setenv("FACE_DETECTOR", str(tmp_path / "yunet.onnx"))
    snapshot = training_data.snapshot(tmp_path / "snapshot", train=140, exam=14)
    assert train_here(capsys, snapshot, tmp_path / "out")[-1]["event"] == "done"
    named = ["--detector", str(tmp_path / "yunet.onnx")]
    assert ml.main(arguments(snapshot, tmp_path / "out", *named)) == 3
    assert "There is no face detector at" in capsys.readouterr().out


def test_bad_data_end_with_one_sentence(tmp_path: Path, capsys) -> None:
    (tmp_path / "iris.csv").write_text("sepal,petal\n")
    assert ml.main(arguments(tmp_path / "iris.csv", tmp_path / "out")) == 3
    said = capsys.readouterr()
    assert json.loads(said.out)["event"] == "error"
    assert said.err.startswith("train: iris.csv, line 1: expected the columns")
    assert ml.main(arguments(tmp_path / "none.csv", tmp_path / "out")) == 3
    args = arguments(tmp_path / "iris.csv", tmp_path / "out", "--set", "speed=9")
    assert ml.main(args) == 3
    assert "no such knob" in capsys.readouterr().err


def test_sigterm_ends_a_run_at_once_with_nothing_half_written(
    csv: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "ml", *arguments(csv, out, epochs=500)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
    ) as child:  # fmt: skip
        assert child.stdout is not None
        for line in child.stdout:
            if json.loads(line)["event"] == "epoch":
                break
        child.send_signal(signal.SIGTERM)
        assert child.wait(timeout=20) == 128 + signal.SIGTERM
    assert not (out / "card.json").exists()
    assert (out / "checkpoint" / "state.json").exists()


def test_the_rate_warms_up_stays_and_goes_straight_down() -> None:
    config = preset("full", epochs=20, rate=0.1, warm_up=2, decay=0.5)
    rates = [optimizer.learning_rate(config, e) for e in (0, 1, 2, 10, 15, 20)]
    assert rates == pytest.approx([0, 0.05, 0.1, 0.1, 0.05, 0], abs=1e-3)
