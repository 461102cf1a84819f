"""Follow every face of a camera or a video file, frame by frame."""

import csv
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.artefact.answers import Answer
from ml.artefact.predictor import Predictor
from ml.emotions import BY_NAME
from ml.errors import BadInput
from ml.video.session_summary import FaceInFrame, SessionSummary
from ml.video.tracking import Tracks
from ml.vision import pipeline
from ml.vision.decode import Picture, fit
from ml.vision.detector import Detector
from ml.vision.face_crop import Box

MAX_SIDE = 1280  # px: larger frames are reduced, and so is the annotated video
CODEC, SUFFIX = "VP80", ".webm"  # what OpenCV's wheel can write and browsers can play
CAMERA_RATE = 30.0  # frames a second, where a camera does not say


@dataclass(frozen=True)
class Frame:
    time: float  # seconds from the start
    rgb: NDArray[np.uint8]
    faces: list[FaceInFrame]
    crops: list[NDArray[np.uint8]]


def frames(source: str) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """(seconds, RGB uint8 [h, w, 3]) of a video, or of a camera by number or device.

    Raises BadInput if it cannot be opened or shows nothing.
    """
    is_camera = source.isdigit() or source.startswith("/dev/")
    if not is_camera and not Path(source).is_file():
        raise BadInput(f"{source} is neither a video file nor a camera.")
    capture = cv2.VideoCapture(int(source) if source.isdigit() else source)
    try:
        if not capture.isOpened():
            kind = "camera" if is_camera else "video"
            raise BadInput(f"{source} cannot be opened as a {kind}.")
        rate = capture.get(cv2.CAP_PROP_FPS) or CAMERA_RATE
        start, count = time.monotonic(), 0
        while True:
            is_there, bgr = capture.read()
            if not is_there:
                break
            seconds = time.monotonic() - start if is_camera else count / rate
            count += 1
            rgb = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
            yield seconds, fit(rgb, MAX_SIDE)
        if not count:
            raise BadInput(f"{source} holds no picture that can be read.")
    finally:
        capture.release()


def follow(
    source: Iterator[tuple[float, NDArray[np.uint8]]],
    predictor: Predictor,
    detector: Detector,
    answer: Answer = "mix",
) -> Iterator[Frame]:
    """Each frame with its faces: number, steady and raw emotion. `source` gives what
    `frames` does."""
    tracks = Tracks()
    emotions = predictor.emotions
    for seconds, rgb in source:
        picture = Picture(rgb, rgb.shape[1], rgb.shape[0])
        found = pipeline.predict_faces(picture, predictor, detector, is_one_look=True)
        followed = tracks.update(
            seconds, [(face.box, face.answers[answer]) for face in found]
        )
        faces = [
            FaceInFrame(
                time=seconds,
                face=track.number,
                box=track.box,
                emotion=emotions[track.winner],
                smooth=dict(zip(emotions, map(float, track.smooth), strict=True)),
                raw=dict(zip(emotions, map(float, track.raw), strict=True)),
            )
            for track in followed
        ]
        yield Frame(seconds, rgb, faces, [face.square for face in found])


def record(
    watched: Iterator[Frame],
    emotions: tuple[str, ...],
    folder: Path | None,
    *,
    rate: float = CAMERA_RATE,
    on_frame: Callable[[Frame], object] = lambda frame: None,
) -> SessionSummary:
    """Everything that is seen, until the end or Ctrl-C; with a folder, in its files.

    Writes `faces.csv` and the annotated video `faces.webm` as it goes.
    """
    summary = SessionSummary(emotions)
    with ExitStack() as stack:
        writers = _writers(folder, emotions, rate, stack) if folder else []
        try:
            for frame in watched:
                summary.add(frame.time, frame.faces, frame.crops)
                for write in writers:
                    write(frame)
                on_frame(frame)
        except KeyboardInterrupt:  # Ctrl-C is how a camera's session ends
            pass
    return summary


def annotated(frame: Frame) -> NDArray[np.uint8]:
    """The frame as BGR uint8 [h, w, 3] with a box, number and word on every face."""
    bgr = np.asarray(cv2.cvtColor(frame.rgb, cv2.COLOR_RGB2BGR), np.uint8)
    for face in frame.faces:
        _draw(bgr, face.box, _colour(face.emotion), _label(face))
    return bgr


def _label(face: FaceInFrame) -> str:
    return f"{face.face} {face.emotion} {face.smooth[face.emotion]:.0%}"


def _colour(emotion: str) -> tuple[int, int, int]:
    if emotion not in BY_NAME:
        return (120, 120, 120)
    red, green, blue = bytes.fromhex(BY_NAME[emotion].colour.removeprefix("#"))
    return blue, green, red


def _draw(
    bgr: NDArray[np.uint8], box: Box, colour: tuple[int, int, int], label: str
) -> None:
    x, y, w, h = (round(side) for side in box)
    scale = max(0.45, bgr.shape[0] / 900)
    (width, height), _base = cv2.getTextSize(label, 0, scale, 1)
    top = y - height - 8 if y - height - 8 >= 0 else y + h
    cv2.rectangle(bgr, (x, y), (x + w, y + h), colour, 2)
    cv2.rectangle(bgr, (x, top), (x + width + 8, top + height + 8), colour, -1)
    place = (x + 4, top + height + 3)
    cv2.putText(bgr, label, place, 0, scale, (255, 255, 255), 1, cv2.LINE_AA)


def _writers(
    folder: Path, emotions: tuple[str, ...], rate: float, stack: ExitStack
) -> list[Callable[[Frame], None]]:
    table = stack.enter_context((folder / "faces.csv").open("w", newline=""))
    rows = csv.writer(table)
    rows.writerow(
        ["seconds", "face", "x", "y", "w", "h", "emotion"]
        + [*emotions, *(f"{name}_in_this_frame" for name in emotions)]
    )
    video: list[Any] = []  # opened at the first frame, which tells the size

    def write_rows(frame: Frame) -> None:
        for face in frame.faces:
            rows.writerow(
                [f"{face.time:.3f}", face.face, *(round(side) for side in face.box)]
                + [face.emotion]
                + [f"{p:.4f}" for p in (*face.smooth.values(), *face.raw.values())]
            )

    def write_frame(frame: Frame) -> None:
        if not video:
            size = frame.rgb.shape[1], frame.rgb.shape[0]
            codec = cv2.VideoWriter.fourcc(*CODEC)
            path = str(folder / f"faces{SUFFIX}")
            video.append(cv2.VideoWriter(path, codec, rate, size))
            stack.callback(video[0].release)
        video[0].write(annotated(frame))

    return [write_rows, write_frame]
