"""One training run: data in, a sealed artefact out.

The card is written last, so a folder with one is complete; everything before it may be
lost at any moment and taken up again with `--resume`.
"""

import hashlib
import json
import math
import platform
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from ml.artefact import card
from ml.config import Config, from_json
from ml.data import arrays, fer2013, ferplus, labelled_folders, snapshot, splits
from ml.data.arrays import BadData, Rows
from ml.data.labelled_folders import Labelling
from ml.emotions import EMOTIONS
from ml.training_events import Done, EpochFigures, EventHandler, ignore
from ml.vision.detector import load_detector

PACKAGES = ("keras", "numpy", "onnxruntime", "opencv-python-headless", "tensorflow")


@dataclass(frozen=True)
class Sources:
    """Where a run's faces come from. `data` is a snapshot folder, or FER-2013."""

    data: Path
    fer2013: Path | None = None
    ferplus: Path | None = None
    extra: tuple[Path, ...] = ()
    validation: tuple[Path, ...] = ()  # extra folders that are only measured on
    labelling: Labelling = field(default_factory=Labelling)  # of extra folders
    detector: Path | None = None  # YuNet's file, for extra folders
    cache: Path | None = None


@dataclass(frozen=True)
class TrainingData:
    train: Rows
    tune: Rows
    facts: dict[str, object] = field(default_factory=dict)  # goes into the card
    validation: dict[str, Rows] = field(default_factory=dict)  # extra, measured only


def load_data(sources: Sources, config: Config) -> TrainingData:
    """All rows of a run, cleaned and cut. Raises BadData."""
    facts: dict[str, object] = {}
    extra: dict[str, dict[str, object]] = {}
    parts: list[Rows] = []
    tune: Rows | None = None
    fer_path = sources.fer2013
    if snapshot.is_snapshot(sources.data):
        manifest = snapshot.manifest(sources.data)
        facts |= {"hash": manifest.hash, "rows": manifest.rows}
        _ids, given = snapshot.read(sources.data, "train", config.emotions)
        facts["contributions"] = 0 if given is None else len(given)
        parts += [given] if given is not None else []
    else:
        fer_path = sources.data
    if fer_path is not None:
        train, tune, facts["cleaning"] = load_fer2013(sources, fer_path, config)
        fer_hash = data_hash(fer_path)
        facts["fer2013"] = {"sha256": fer_hash, "rows": len(train)}
        facts.setdefault("hash", fer_hash)
        parts.append(train)
    for folder in sources.extra:
        parts.append(load_extra(folder, sources, config, extra))
    if not parts:
        raise BadData("there is nothing to train on: no contributions and no FER-2013")
    rows = arrays.join(*parts)
    if tune is None:
        held = splits.is_tune(rows.pixels)
        tune, rows = rows.take(held), rows.take(~held)
    if not len(rows):
        raise BadData("there are too few faces to train on")
    measured = {
        folder.name: load_extra(folder, sources, config, extra)
        for folder in sources.validation
    }
    if extra:
        facts["extra"] = extra
    return TrainingData(rows, tune, facts, measured)


def load_fer2013(
    sources: Sources, path: Path, config: Config
) -> tuple[Rows, Rows, dict[str, int]]:
    """FER-2013's cleaned rows: (to train on, Tune, what cleaning removed). Raises
    BadData, or FileNotFoundError."""
    fer = fer2013.read(path, cache=sources.cache)
    votes = ferplus.read(sources.ferplus, fer.usage) if sources.ferplus else None
    missing = None
    if config.drop_undetected:
        missing = labelled_folders.undetected(
            fer.pixels, load_detector(sources.detector)
        )
    return splits.split_rows(fer, votes, config, undetected=missing)


def load_extra(
    folder: Path,
    sources: Sources,
    config: Config,
    counts: dict[str, dict[str, object]],
) -> Rows:
    """The faces of one extra folder; how many it gave goes into `counts`. Raises
    BadData."""
    more = labelled_folders.read_faces(
        folder,
        config.emotions,
        load_detector(sources.detector),
        sources.labelling,
    )
    counts[folder.name] = {
        "rows": len(more.rows),
        "without_face": more.left_out.get("no_face", 0),
        "broken": more.left_out.get("broken", 0),
        "left_out": more.left_out,
    }
    return more.rows


def with_known_emotions(sources: Sources, config: Config) -> Config:
    """Of all seven, those that the data have: FER-2013 in folders may know but three.
    Raises BadData where one is asked for that they lack."""
    if snapshot.is_snapshot(sources.data) or not fer2013.holds_pictures(sources.data):
        return config
    known = fer2013.read(sources.data).emotions
    if config.emotions == EMOTIONS:
        return replace(config, emotions=known)
    lacking = [e for e in config.emotions if e not in known]
    if lacking:
        raise BadData(f"{sources.data} has no faces for {', '.join(lacking)}")
    return config


def data_hash(path: Path) -> str:
    """SHA-256 in hex: of a file, or of the names of a folder's files."""
    if path.is_file():
        return card.sha256(path)
    names = sorted(str(p.relative_to(path)) for p in path.rglob("*") if p.is_file())
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def warm_start_config(
    champion: Path, config: Config, explicit: Collection[str] = ()
) -> Config:
    """`config` with the champion's network, so that its weights fit, and its way of
    answering, and the degradations that it stands, but for knobs that are `explicit`.
    Raises BadData."""
    its = _matching_config(champion, config, "a warm start")
    inherited = {"votes_share", "mirror", "wide", "dropout", "size", "degrade"}
    inherited -= set(explicit)
    knobs = {name: getattr(its, name) for name in {"network", "heads"} | inherited}
    # What the champion has learned from is no measure of what follows it.
    every = math.lcm(its.tune_every, config.tune_every)
    return replace(config, **knobs, tune_every=every)


def check_teacher(folder: Path, config: Config) -> None:
    """Raises BadData where its answers would not fit the targets, or not count."""
    its = _matching_config(folder, config, "a teacher")
    if its.heads != config.heads:
        raise BadData(f"{folder.name} has {its.heads} heads, not {config.heads}")
    if not config.distil:
        raise BadData("teachers count by the distil knob, as in --set distil=0.4")


def _matching_config(folder: Path, config: Config, role: str) -> Config:
    """The config of a model folder, once its emotions are those of `config`."""
    its = from_json(dict(card.read(folder).config))
    if its.emotions != config.emotions:
        known = ", ".join(its.emotions)
        raise BadData(f"{folder.name} knows {known}: {role} needs the same emotions")
    return its


def run(
    sources: Sources,
    out: Path,
    config: Config,
    *,
    on_event: EventHandler,
    warm_start: Path | None = None,
    teachers: tuple[Path, ...] = (),
    resume: bool = False,
    name: str = "",
    faces: bool = True,
    strategy: str = "one",
) -> None:
    """Train, export, measure on Tune, seal. Of several processes only the chief does
    more than to train. Raises BadInput and WorkerLost."""
    from ml.export import onnx_export
    from ml.training import strategies, training_loop

    devices = strategies.of(strategy)
    if not devices.is_chief:
        on_event = ignore
    config = with_known_emotions(sources, config)
    for folder in teachers:
        check_teacher(folder, config)
    data = load_data(sources, config)
    out.mkdir(parents=True, exist_ok=True)
    start = load_with_config(warm_start) if warm_start is not None else None
    own = [start] if start else []
    network, history = training_loop.train(
        config,
        data.train,
        data.tune,
        out,
        on_event=on_event,
        start=start[0] if start else None,
        teachers=[load_with_config(folder) for folder in teachers] or own,
        resume=resume,
        strategy=devices,
    )
    if not devices.is_chief:
        return
    save_network(network, out / "model.keras")
    onnx_export.check_backend(out)
    if warm_start and not config.epochs:  # the same weights, so the same history
        history = load_history(warm_start)
    data.facts.update(origin(warm_start, teachers))
    done = export(network, config, data, out, history, name or out.name, faces=faces)
    on_event(Done(folder=str(out), metrics=done.metrics_json()))


def origin(warm_start: Path | None, teachers: Sequence[Path]) -> dict[str, object]:
    """Which models a network comes from, for its card."""
    taught = {"teachers": [folder.name for folder in teachers]} if teachers else {}
    return {"warm_start": warm_start.name if warm_start else None, **taught}


def load_history(folder: Path) -> list[EpochFigures]:
    """How the network of a folder was trained, epoch by epoch, if that is known."""
    try:
        report = json.loads((folder / "report.json").read_text())
    except FileNotFoundError:
        return []
    return [EpochFigures.model_validate(epoch) for epoch in report["history"]]


def load_network(folder: Path) -> Any:
    """The Keras model of a model folder, not compiled."""
    import keras

    return keras.saving.load_model(folder / "model.keras", compile=False)


def load_with_config(folder: Path) -> tuple[Any, Config]:
    """The Keras model of a model folder, and the config that it is served by."""
    return load_network(folder), from_json(dict(card.read(folder).config))


def save_network(network: Any, path: Path) -> None:
    """Written whole or not at all."""
    part = path.with_name("part.keras")
    network.save(part)
    part.replace(path)


def export(
    network: Any,
    config: Config,
    data: TrainingData,
    out: Path,
    history: list[EpochFigures],
    name: str,
    *,
    faces: bool = True,
) -> card.Card:
    """Calibrate on Tune, export, measure the exported file, report, seal."""
    from ml.evaluation import training_report
    from ml.export import calibrate_and_export

    shipped = calibrate_and_export.calibrate_and_export(
        network, config, data.train, data.tune, out
    )
    training_report.write(
        *(out, shipped, data.tune),
        name=name,
        config=config,
        history=history,
        facts=data.facts,
        faces=faces,
    )
    answers = calibrate_and_export.measure(shipped, out, data.validation, config)
    mix = answers.pop("mix")
    return card.write(
        out,
        name=name,
        emotions=config.emotions,
        snapshot=data.facts,
        config=config.to_json(),
        seeds={"seed": config.seed},
        packages=package_versions(),
        metrics=mix.metrics,
        params=int(network.count_params()),
        multiply_adds=shipped.multiply_adds,
        temperature=mix.temperature,
        certainty_threshold=mix.certainty_threshold,
        answers=answers,
    )


def package_versions() -> dict[str, str]:
    """Of Python and of what decides a result, where it is installed."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
