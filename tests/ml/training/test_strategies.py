"""A training in several processes: the figures of one, and what becomes of a loss."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from ml import __main__ as ml
from ml.artefact import card
from ml.commands import exit_codes
from ml.config import Config, preset
from ml.data.arrays import Rows
from ml.errors import BadInput, WorkerLost
from ml.training import meeting, pipeline, strategies, training_loop
from ml.training_events import Epoch, EpochFigures, Event, parse
from tests.support import several_processes, training_data

pytestmark = pytest.mark.slow

KNOBS = {
    "network": "vgg-tiny",
    "epochs": 300,
    "batch": 32,
    "warm_up": 0.1,
    "precision": "float32",
    "dropout": 0.0,  # each process draws its own
}


class Enough(Exception):
    pass


@pytest.fixture(scope="module")
def csv(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("stripes") / "fer2013.csv"
    training_data.fer2013(path, train=420)
    return path


def command_of(csv: Path, out: Path, **knobs: Any) -> list[str]:
    chosen = [f"--set={name}={value}" for name, value in (KNOBS | knobs).items()]
    return ["train", str(csv), str(out), "--json", *chosen]


def rows(csv: Path, **knobs: Any) -> tuple[Config, Rows, Rows]:
    config = preset("full", **(KNOBS | knobs))
    data = pipeline.load_data(pipeline.Sources(csv), config)
    return config, data.train, data.tune


def train_here(
    csv: Path, out: Path, *, until: int, resume: bool = False, **knobs: Any
) -> list[EpochFigures]:
    """The figures of so many epochs in this process."""
    seen: list[EpochFigures] = []

    def on_event(event: Event) -> None:
        if isinstance(event, Epoch):
            seen.append(event)
        if len(seen) == until:
            raise Enough

    with pytest.raises(Enough):
        training_loop.train(
            *rows(csv, **knobs),
            out,
            on_event=on_event,
            resume=resume,
        )
    return seen


def losses(epochs: list[EpochFigures]) -> list[float]:
    return [epoch.loss for epoch in epochs]


def epochs_of(lines: Iterator[str]) -> Iterator[Epoch]:
    events = map(parse, lines)
    return (event for event in events if isinstance(event, Epoch))


def test_two_processes_train_as_one_and_a_lost_one_is_named(
    csv: Path, tmp_path: Path
) -> None:
    command = command_of(csv, tmp_path / "two")
    with several_processes.started(command, count=2) as (chief, other):
        assert chief.child.stdout
        shared = list(islice(epochs_of(chief.child.stdout), 2))
        other.child.kill()
        said, _complaints = chief.child.communicate(timeout=120)
        told, _complaints = other.child.communicate(timeout=120)

    alone = train_here(csv, tmp_path / "one", until=2)
    assert losses(shared) == pytest.approx(losses(alone), rel=5e-3)
    assert told == "", "the chief alone tells"
    lost = json.loads(said.splitlines()[-1])
    assert lost["code"] == "worker_lost"
    assert lost["message"] == f"the training process at {other.address} was lost"
    assert chief.child.returncode == exit_codes.WORKER_LOST

    kept = json.loads((tmp_path / "two" / "checkpoint" / "state.json").read_text())
    [next_one] = train_here(csv, tmp_path / "two", until=1, resume=True)
    assert next_one.epoch == len(kept["history"]) + 1


def test_all_devices_of_a_machine_train_as_one(
    csv: Path, tmp_path: Path, capsys
) -> None:
    alone = train_here(csv, tmp_path / "one", until=1, epochs=1)
    command = [*command_of(csv, tmp_path / "all", epochs=1), "--strategy=mirrored"]
    assert ml.main(command) == exit_codes.OK
    mirrored = list(epochs_of(iter(capsys.readouterr().out.splitlines())))
    assert losses(mirrored) == pytest.approx(losses(alone), rel=5e-3)
    assert card.verify(tmp_path / "all").metrics["tune"].n > 0


@pytest.mark.parametrize(
    "place",
    [
        "",
        "host-a:7070",
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}',
        '{"cluster": {"worker": ["a:1"], "ps": ["b:1"]}, "task": {"index": 0}}',
    ],
)
def test_a_place_among_others_that_makes_no_sense_is_refused(
    place: str, csv: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.setenv("TF_CONFIG", place)
    command = ["train", str(csv), str(tmp_path), "--strategy", "multi-worker"]
    assert ml.main(command) == exit_codes.BAD_INPUT
    assert "takes TF_CONFIG, as in" in capsys.readouterr().err


def test_who_does_not_come_is_waited_for_no_longer_than_the_limit() -> None:
    here, there = several_processes.free_addresses(2)
    with pytest.raises(WorkerLost, match=f"{there} could not be reached"):
        meeting.wait_for_all([here, there], 0, seconds=0.1)


def test_all_who_come_are_let_go() -> None:
    addresses = several_processes.free_addresses(3)
    with ThreadPoolExecutor() as pool:
        met = [
            pool.submit(meeting.wait_for_all, addresses, index, seconds=60)
            for index in range(3)
        ]
    assert [one.result() for one in met] == [None] * 3


def test_an_address_without_a_port_is_refused() -> None:
    with pytest.raises(BadInput, match="host-a is no address"):
        meeting.wait_for_all(["host-a", "host-b:1"], 0, seconds=1)


def test_processes_that_cannot_share_a_run_are_refused(csv: Path) -> None:
    config, train, _tune = rows(csv)
    with pytest.raises(BadInput, match="a batch of 32 cannot be shared by 3 devices"):
        strategies.check_shares(config, train, 3, lambda mine: 3 * mine)
    config = replace(config, batch=33)
    strategies.check_shares(config, train, 3, lambda mine: 3 * mine)
    with pytest.raises(BadInput, match="differ in their data or knobs"):
        strategies.check_shares(config, train, 3, lambda mine: 3 * mine + 1)
