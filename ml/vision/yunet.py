"""YuNet, the face detector of OpenCV's model zoo, run by ONNX Runtime.

Its file declares a fixed input of 640×640 pixels, though the network itself (strided
convolutions only) takes any multiple of 32. `with_free_size` rewrites that declaration,
so that a picture is padded by 31 pixels at most: at 640×480, 4 ms on one core against
11 ms for `cv2.FaceDetectorYN`, and boxes equal to a hundredth of a pixel.
"""

import hashlib
import math
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.artefact.onnx_session import open_session
from ml.vision.decode import fit
from ml.vision.face_crop import Box, Face
from ml.vision.look_rules import DETECTOR as RULES

SHA256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"
# More finds no more faces in our photos, and costs by the square.
MAX_SIDE: int = RULES.max_side
# Counts right on 23 of our 23 photos; .6 and below on 22, .9 only on 19.
MIN_SCORE: float = RULES.min_score
MAX_OVERLAP: float = RULES.max_overlap  # OpenCV's default
STRIDES: list[int] = RULES.strides
OUTPUTS = [f"{kind}_{s}" for s in STRIDES for kind in ("cls", "obj", "bbox", "kps")]


class YuNet:
    name = "yunet"
    knows_roll = True

    def __init__(self, model: bytes) -> None:
        self.network = with_free_size(model)  # as a browser may have it too
        self.sha256 = hashlib.sha256(self.network).hexdigest()
        self._session = open_session(self.network)

    def find(self, rgb: NDArray[np.uint8]) -> list[Face]:
        """Faces in uint8 [h, w, 3], in its pixels, the largest first."""
        height, width = rgb.shape[:2]
        small = fit(rgb, MAX_SIDE)
        back = np.array(
            [width / small.shape[1], height / small.shape[0]] * 2, dtype=np.float32
        )
        return [
            Face(
                Box(*(float(v) for v in found[:4] * back)),
                float(found[14]),
                *_pose(found),
            )
            for found in sorted(self.detect(small), key=lambda f: -f[2] * f[3])
        ]

    def detect(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
        """What `cv2.FaceDetectorYN.detect` gives, for a picture as it is.

        float32 [n, 15]: x, y, w, h, five landmarks (x, y), score; best score first.
        """
        planes = _planes(rgb)
        values = self._session.run(OUTPUTS, {"input": planes})
        outputs = dict(zip(OUTPUTS, values, strict=True))
        columns = planes.shape[3]
        found = np.concatenate(
            [_decode(outputs, stride, columns // stride) for stride in STRIDES]
        )
        # FaceDetectorYN compares boxes that are cut to whole pixels: so do we.
        boxes = np.trunc(found[:, :4]).astype(int).tolist()
        kept = cv2.dnn.NMSBoxes(boxes, found[:, 14].tolist(), MIN_SCORE, MAX_OVERLAP)
        result: NDArray[np.float32] = found[np.asarray(kept, dtype=int)]
        return result


def _planes(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """float32 [1, 3, h, w], blue first, as it was trained; black on the right and
    below, to multiples of 32. (`cv2.dnn.blobFromImage` takes 25 times as long.)"""
    height, width = rgb.shape[:2]
    planes = np.zeros((1, 3, -(-height // 32) * 32, -(-width // 32) * 32), np.float32)
    for plane, channel in zip(planes[0], reversed(cv2.split(rgb)), strict=True):
        plane[:height, :width] = channel
    return planes


def _pose(found: NDArray[np.float32]) -> tuple[float, float]:
    """Roll and yaw (`face_crop.Face`) of a row of `detect`: by eyes and nose."""
    right_eye, left_eye, nose = found[4:10].reshape(3, 2).astype(float)
    across = left_eye - right_eye
    distance = max(float(np.hypot(*across)), 1e-6)
    off = float((nose - (right_eye + left_eye) / 2) @ across) / distance**2
    return math.degrees(math.atan2(across[1], across[0])), off


def _decode(
    outputs: dict[str, NDArray[np.float32]], stride: int, columns: int
) -> NDArray[np.float32]:
    """Candidates of one stride as rows of `detect` (source: OpenCV's face_detect.cpp).

    Each cell of the grid proposes one box, by its centre's offset and the logarithm of
    its size, both in strides. The score is the geometric mean of two probabilities.
    """
    cls = np.clip(outputs[f"cls_{stride}"][0, :, 0], 0, 1)
    obj = np.clip(outputs[f"obj_{stride}"][0, :, 0], 0, 1)
    score = np.sqrt(cls * obj)
    (cells,) = np.nonzero(score >= MIN_SCORE)
    corner = np.stack([cells % columns, cells // columns], axis=1).astype(np.float32)
    box = outputs[f"bbox_{stride}"][0, cells]
    size = np.exp(box[:, 2:]) * stride
    origin = (corner + box[:, :2]) * stride - size / 2
    marks = outputs[f"kps_{stride}"][0, cells].reshape(-1, 5, 2) + corner[:, None]
    return np.concatenate(
        [origin, size, marks.reshape(-1, 10) * stride, score[cells, None]], axis=1
    ).astype(np.float32)


# --- the declaration of the input's size, rewritten without the onnx package.
#
# An ONNX file is a protobuf message: fields of (number << 3 | type), those of type 2
# being followed by a length and that many bytes. The graph is field 7 of the model; in
# it, field 11 is the input, 12 an output, 13 the shape of something in between. We put
# an input of [1, 3, h, w] in place, leave the outputs' shapes open, and drop all of 13.

GRAPH, INPUT, OUTPUT, BETWEEN = 7, 11, 12, 13


def with_free_size(model: bytes) -> bytes:
    """The same network with an input of float32 [1, 3, height, width]."""
    return b"".join(
        _field(number, _free_graph(content)) if number == GRAPH else raw
        for number, content, raw in _fields(model)
    )


def _free_graph(graph: bytes) -> bytes:
    parts = []
    for number, content, raw in _fields(graph):
        if number == INPUT:
            raw = _field(number, _value(content, (1, 3, "height", "width")))
        if number == OUTPUT:
            raw = _field(number, _value(content, None))
        if number != BETWEEN:
            parts.append(raw)
    return b"".join(parts)


def _value(old: bytes, shape: tuple[int | str, ...] | None) -> bytes:
    """ValueInfoProto {name = 1, type = 2 {tensor = 1 {type = 1: float, shape = 2}}}."""
    name = next(content for number, content, _raw in _fields(old) if number == 1)
    tensor = b"\x08\x01"
    if shape is not None:
        sizes = (  # dimension = 1 {value = 1 | name = 2}
            b"\x08" + _varint(n) if isinstance(n, int) else _field(2, n.encode())
            for n in shape
        )
        tensor += _field(2, b"".join(_field(1, size) for size in sizes))
    return _field(1, name) + _field(2, _field(1, tensor))


def _fields(message: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """(number, content, the field as it stands) for every field of a message."""
    at = 0
    while at < len(message):
        start = at
        key, at = _read_varint(message, at)
        if key & 7 == 2:
            length, at = _read_varint(message, at)
            content = message[at : at + length]
            at += length
        elif key & 7 == 0:
            content = b""
            _value_of_it, at = _read_varint(message, at)
        else:  # fixed 8 or 4 bytes
            content = b""
            at += 8 if key & 7 == 1 else 4
        yield key >> 3, content, message[start:at]


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content
