"""Every knob of a training run, in one frozen dataclass saved beside the result."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from ml.emotions import EMOTIONS

# Those of ml/training/networks.py, which loads Keras and so is not for everybody.
NETWORKS = (
    *("vgg-tiny", "vgg-quick", "vgg-small", "vgg-mid", "vgg-lean", "vgg-wide"),
    *("resnet-lean", "relu-cnn", "elu-cnn", "mini-xception", "resnet-small"),
    *("mobilenetv2-96", "mobilenetv2-160", "mobilenetv2-224", "efficientnet-b0"),
)

# On how many devices a network is trained (ml/training/strategies.py): by one process,
# on all devices of this machine, or of the machines that TF_CONFIG names.
STRATEGIES = ("one", "mirrored", "multi-worker")

# What the gate asks of a challenger (ml/evaluation/compare.py); the first is usual.
GATE_POLICIES = ("improves", "significant")


KnobValue = bool | int | float | str  # and `emotions` is a tuple
Knobs = dict[str, KnobValue]


@dataclass(frozen=True)
class Config:
    preset: str = "full"
    seed: int = 1

    # --- data
    emotions: tuple[str, ...] = EMOTIONS
    drop_leaked: bool = True  # rows whose pixels occur in a test split
    drop_duplicates: bool = True  # one row of each group of equal pixels
    drop_blank: bool = True  # pictures of one single grey
    drop_non_faces: bool = True  # FER+: most raters said "not a face"
    drop_contradicted: bool = False  # FER+: most raters see another emotion
    drop_conflicts: bool = False  # equal pixels under different labels
    drop_undetected: bool = False  # faces the detector cannot find
    rows: int = 0  # at most so many of FER-2013's rows; 0 takes them all
    tune_every: int = 10  # every tenth of FER-2013's rows is Tune; a last run, all
    # frozen, may take part of it in: every 30th is a third of every tenth

    # --- network
    network: str = "vgg-lean"
    heads: int = 2  # FER-2013's label and the FER+ votes, one head each
    weights: str = "none"  # "imagenet" for the baselines that start from it
    branches: bool = False  # trained with 1x1 and identity beside each 3x3 convolution
    # (RepVGG); they fold into it, so the served network is the same
    dropout: float = 0.2  # whole maps, before the last convolution
    votes_share: float = 0.33  # of the votes' head in the answer; chosen on Tune
    mirror: bool = True  # the shipped graph averages two views, the second mirrored
    wide: bool = False  # the first view, or the only one, is the whole face, downscaled
    int8: bool = True

    # --- schedule
    epochs: int = 40
    batch: int = 128
    optimizer: str = "sgd"  # or "adam", as most baselines had it
    rate: float = 0.1  # learning rate at the plateau, for SGD with Nesterov momentum
    warm_up: float = 2.0  # epochs from 0 to the full rate
    decay: float = 0.35  # share of the run that ends it, straight down to 0
    momentum: float = 0.9
    weight_decay: float = 5e-3  # decoupled; on kernels alone
    ema: float = 0.998  # averaged weights are the ones kept
    label_smoothing: float = 0.05  # of FER-2013's labels; votes are soft already
    distil: float = 0.0  # weight of the teachers' answers in the targets
    logit_adjustment: float = 0.0  # for rare emotions: so many times the logarithm of
    # each one's share of the rows is added in the label head's loss (Menon et al. 2021)

    # --- augmentation
    size: int = 44  # the crop in training; served, the middle of the 48
    rotate: float = 12.0  # degrees
    zoom: float = 0.12
    shift: float = 4.0  # pixels
    light: float = 0.2  # contrast and brightness
    erase: float = 0.5  # chance of a random box of noise
    mixup: float = 0.2  # Beta(a, a); off once the rate falls below a third
    cutmix: float = 0.0  # chance of a batch to be cut and pasted instead
    degrade: float = 0.0  # chance of a face to be degraded: badly lit, blurred, shrunk,
    # noisy or coarse JPEG

    precision: str = "auto"  # "auto": mixed bfloat16 where the CPU computes it

    def to_json(self) -> dict[str, KnobValue | list[str] | None]:
        return dataclasses.asdict(self)


def from_json(values: dict[str, Any]) -> Config:
    """The config of a card; what an older one lacks takes its default, and knobs that
    are no more are left out."""
    known = {f.name for f in dataclasses.fields(Config)}
    kept = {name: value for name, value in values.items() if name in known}
    if "emotions" in kept:
        kept["emotions"] = tuple(kept["emotions"])
    return Config(**kept)


PRESETS: dict[str, Knobs] = {
    "full": {"wide": True},
    # About a minute on two cores: shows that the way works, not how good it gets.
    "quick": {
        "network": "vgg-quick",
        "rows": 4000,
        "epochs": 6,
        "warm_up": 0.5,
        "decay": 0.8,
        "ema": 0.98,
        "mixup": 0.0,
        "dropout": 0.0,
    },
    # From the champion: low rate, and its own answers beside the labels, so that it
    # learns what is new without losing what it knows.
    "finetune": {
        "epochs": 3,
        "ema": 0.99,
        "rate": 0.005,
        "warm_up": 0.2,
        "decay": 0.8,
        "distil": 0.5,
        "mixup": 0.0,
    },
}

# A warm start of `quick` is a short finetune: the champion's network is too big, and
# already too good, for the rate of a fresh one. It takes 137 s of processor time, about
# two minutes of two cores with the exam. base-6 went from .697 to .702 on its 862 faces
# of Tune, and passed the gate: 2,513 of 3,589 against 2,493 (one seed).
WARM: dict[str, Knobs] = {
    "quick": {"epochs": 2, "rate": 0.004, "ema": 0.9, "distil": 0.5, "decay": 0.8},
}


def preset(name: str, **knobs: Any) -> Config:
    """A preset with some knobs of its own. Raises KeyError for a preset and TypeError
    for a knob that is not known."""
    return Config(**{**PRESETS[name], "preset": name, **knobs})


def parse_knob(text: str) -> tuple[str, KnobValue | tuple[str, ...]]:
    """`name=value` from the command line, as the knob's own type."""
    name, equals, value = text.partition("=")
    fields = {f.name: f for f in dataclasses.fields(Config)}
    if not equals or name not in fields:
        raise ValueError(f"no such knob: {text!r}; they are {', '.join(fields)}")
    default = fields[name].default
    if isinstance(default, bool):
        return name, value.lower() in ("1", "true", "yes", "on")
    if isinstance(default, tuple):
        return name, tuple(value.split(","))
    kind: Any = type(default)
    return name, kind(value)
