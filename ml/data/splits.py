"""From FER-2013 and contributions to clean rows, cut into training and Tune."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ml.config import Config
from ml.data import fer2013, ferplus
from ml.data.arrays import (
    PRIVATE,
    PUBLIC,
    TRAINING,
    BadData,
    Bytes,
    Fer2013,
    Floats,
    Mask,
    Rows,
)
from ml.data.ferplus import Votes
from ml.emotions import EMOTIONS
from ml.errors import BadInput


def digests(pixels: Bytes) -> npt.NDArray[np.uint64]:
    """[n] the first eight bytes of each picture's SHA-256."""
    return np.array(
        [
            int.from_bytes(hashlib.sha256(p.tobytes()).digest()[:8], "big")
            for p in pixels
        ],
        np.uint64,
    )


def fer_rows(fer: Fer2013, votes: Votes | None, config: Config) -> Rows:
    """All of FER-2013 as rows, with the classes that `config.emotions` names; rows of
    other classes get label -1 and are for the caller to drop."""
    k = len(config.emotions)
    class_of = np.array(
        [config.emotions.index(e) if e in config.emotions else -1 for e in fer.emotions]
    )
    labels = class_of[fer.labels].astype(np.int64)
    hard = np.eye(k, dtype=np.float32)[np.maximum(labels, 0)]
    soft, majority = hard, np.full(len(fer), -1, np.int64)
    if votes is not None:
        seven = [EMOTIONS.index(e) for e in config.emotions]
        soft = votes.soft_labels()[:, seven]
        total = soft.sum(1, keepdims=True)
        soft = np.where(total > 0, soft / np.maximum(total, 1e-9), hard)
        to_class = np.full(8, -1)  # the last for -1: no majority
        to_class[seven] = np.arange(k)
        majority = to_class[votes.majority()].astype(np.int64)
    return Rows(
        fer.pixels,
        np.stack([hard, soft], 1).astype(np.float32),
        np.ones(len(fer), np.float32),
        labels,
        majority,
        np.arange(len(fer)),
    )


def clean(
    fer: Fer2013,
    rows: Rows,
    votes: Votes | None,
    config: Config,
    *,
    undetected: Mask | None = None,
) -> tuple[Mask, Rows, dict[str, int]]:
    """Which Training rows stay, the rows with the targets of equal pictures averaged,
    and how many each switch took out (a row counts under the first that takes it)."""
    seen = digests(fer.pixels)
    training = fer.usage == TRAINING
    keep = training & (rows.labels >= 0)
    counts = {"training_rows": int(training.sum())}
    counts["other_emotions"] = int(training.sum() - keep.sum())
    equal = _equal_pictures(seen, rows, keep)
    switches: list[tuple[str, bool, Mask]] = [
        ("leaked", config.drop_leaked, np.isin(seen, seen[~training])),
        ("blank", config.drop_blank, np.ptp(fer.pixels, axis=(1, 2)) == 0),
        ("conflicting", config.drop_conflicts, equal.conflict),
        ("duplicates", config.drop_duplicates, ~equal.is_first),
    ]
    if votes is not None:
        switches.append(("non_faces", config.drop_non_faces, votes.non_face()))
    if undetected is not None:
        switches.append(("undetected", config.drop_undetected, undetected))
    for name, is_on, bad in switches:
        counts[name] = int((keep & bad).sum()) if is_on else 0
        keep &= ~bad if is_on else True
    counts["kept"] = int(keep.sum())
    return keep, replace(rows, targets=equal.targets), counts


@dataclass(frozen=True)
class _Equal:
    """What the rows of equal pixels, among those kept, have in common; each [n]."""

    is_first: Mask
    conflict: Mask  # their labels differ
    targets: Floats  # their mean


def _equal_pictures(seen: npt.NDArray[np.uint64], rows: Rows, keep: Mask) -> _Equal:
    groups, first, group = np.unique(
        np.where(keep, seen, 0), return_index=True, return_inverse=True
    )
    is_first = np.zeros(len(seen), bool)
    is_first[first] = True
    high = np.full(len(groups), -1)
    np.maximum.at(high, group, np.where(keep, rows.labels, -1))
    differs = (rows.labels != high[group]) & keep
    conflict = np.bincount(group, differs, len(groups)) > 0
    sizes = np.bincount(group, keep, len(groups))
    means = np.zeros((len(groups), *rows.targets.shape[1:]))
    np.add.at(means, group, rows.targets * keep[:, None, None])
    means /= np.maximum(sizes, 1)[:, None, None]
    targets = np.where(keep[:, None, None], means[group], rows.targets)
    return _Equal(is_first, conflict[group], targets.astype(np.float32))


def is_tune(pixels: Bytes, every: int = 10) -> Mask:
    """[n] the fixed tenth, or every 30th, that makes every choice. Equal pictures fall
    alike, and those of every 30th are among those of every tenth. Raises BadInput."""
    if every < 10 or every % 10:
        raise BadInput(f"tune_every is 10 or a multiple of it, not {every}")
    return np.asarray(digests(pixels) % np.uint64(every) == 0)


def split_rows(
    fer: Fer2013,
    votes: Votes | None,
    config: Config,
    *,
    undetected: Mask | None = None,
) -> tuple[Rows, Rows, dict[str, int]]:
    """FER-2013's cleaned Training rows: (to train on, Tune, what cleaning removed)."""
    rows = fer_rows(fer, votes, config)
    keep, rows, counts = clean(fer, rows, votes, config, undetected=undetected)
    rows = rows.take(keep)
    tune = is_tune(rows.pixels, config.tune_every)
    train = rows.take(~tune)
    if config.drop_contradicted:  # here, so that Tune stays the same for every variant
        agreed = (train.majority < 0) | (train.majority == train.labels)
        counts["contradicted"] = int((~agreed).sum())
        train = train.take(agreed)
    if config.rows and config.rows < len(train):
        order = np.random.default_rng(config.seed).permutation(len(train))
        train = train.take(np.sort(order[: config.rows]))
    counts["tune"] = int(tune.sum())
    counts["train"] = len(train)
    return train, rows.take(tune), counts


def load_split(
    split: str,
    emotions: tuple[str, ...],
    *,
    fer: Path,
    votes: Path | None = None,
    cache: Path | None = None,
    tune_every: int = 10,
) -> tuple[Rows, Mask]:
    """The rows of a split, and which of them also occur in Training. The test splits
    stay whole but for classes that `emotions` leaves out. Raises BadData."""
    data = fer2013.read(fer, cache=cache)
    counted = ferplus.read(votes, data.usage) if votes else None
    config = replace(Config(), emotions=emotions, tune_every=tune_every)
    if split == "tune":
        _train, rows, _counts = split_rows(data, counted, config)
        return rows, np.zeros(len(rows), bool)
    rows = fer_rows(data, counted, config)
    usage = {"public": PUBLIC, "private": PRIVATE}[split]
    picked = (data.usage == usage) & (rows.labels >= 0)
    if not picked.any():
        raise BadData(f"{fer.name} has no rows of the {split} split")
    rows = rows.take(picked)
    seen = digests(data.pixels[data.usage == TRAINING])
    return rows, np.isin(digests(rows.pixels), seen)
