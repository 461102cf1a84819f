"""The networks that teach: too large to serve, large enough to learn more.

As those of ml/training/networks.py they take grey faces and give logits [n, heads, k].
"""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from ml.training import networks


def resnet(depths: Sequence[int], widths: Sequence[int] = (64, 128, 256, 512)) -> Any:
    """ResNet (He et al. 2015) for small pictures: the first convolution keeps the grid,
    each later stage halves it."""

    def make(classes: int, *, heads: int, dropout: float) -> keras.Model:
        face, x = networks.standardised_face()
        x = networks.conv_bn(x, widths[0])
        for stage, (depth, width) in enumerate(zip(depths, widths, strict=True)):
            for block in range(depth):
                x = _block(x, width, stride=2 if stage and not block else 1)
        return networks.evidence_head(face, x, classes, heads, dropout)

    return make


def _block(x: Any, width: int, *, stride: int) -> Any:
    y = networks.conv_bn(x, width, stride=stride)
    y = networks.conv_bn(y, width, act=False)
    if stride > 1:
        x = networks.conv_bn(x, width, kernel=1, stride=stride, act=False)
    return layers.Activation("relu")(layers.add([x, y]))


def efficientnet(classes: int, *, heads: int, dropout: float) -> keras.Model:
    """EfficientNetV2-B0 (Tan and Le 2021) from nothing, at the side it is given."""
    face, x = networks.standardised_face()
    base = keras.applications.EfficientNetV2B0(
        include_top=False,
        include_preprocessing=False,
        weights=None,
        input_shape=(None, None, 3),
    )
    x = base(layers.Concatenate()([x, x, x]))
    return networks.evidence_head(face, x, classes, heads, dropout)


TEACHERS = {
    "resnet-18": resnet([2, 2, 2, 2]),
    "resnet-34": resnet([3, 4, 6, 3]),
    "efficientnet-v2-b0": efficientnet,
}


def build(name: str, classes: int, *, dropout: float) -> keras.Model:
    """A teacher, or a network of ml/training/networks.py, with two heads. Raises
    BadInput."""
    if name in TEACHERS:
        return TEACHERS[name](classes, heads=2, dropout=dropout)
    return networks.build(name, classes, heads=2, dropout=dropout)
