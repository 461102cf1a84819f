"""`python -m ml predict PHOTO…`: find the faces, and how each looks to the model."""

import argparse
import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from ml.artefact.answers import ANSWERS, Answer
from ml.artefact.predictor import Predictor
from ml.data.file_tree import printable
from ml.errors import BadInput
from ml.vision import decode
from ml.vision.detector import Detector, load_detector
from ml.vision.pipeline import FacePrediction, predict_faces

ROOT = Path(__file__).resolve().parents[2]
DETECTOR = "face_detection_yunet_2023mar.onnx"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO")
    add_model_arguments(parser)
    add_answer_argument(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object a photo")


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """`--model` and `--detector`, for every command that looks at pictures."""
    parser.add_argument(
        "--model",
        type=Path,
        default=Path(os.environ.get("MODEL") or ROOT / "models" / "base"),
        help="a model folder (default: $MODEL, else models/base)",
    )
    data = Path(os.environ.get("MIEN_DATA") or ROOT / ".data")
    parser.add_argument(
        "--detector",
        type=Path,
        default=Path(os.environ.get("FACE_DETECTOR") or data / DETECTOR),
        help="YuNet's file (default: $FACE_DETECTOR, else .data/; without it, Haar)",
    )


def add_answer_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--answer",
        choices=ANSWERS,
        default="mix",
        help="of the head that learned labels, of the raters', or both mixed (default)",
    )


@dataclass(frozen=True)
class FaceAnswer:
    """`box`: left, top, width and height in pixels of the upright photo."""

    box: list[float]
    score: float
    emotion: str
    doubt: str | None  # why not to trust it
    probabilities: dict[str, float]


@dataclass(frozen=True)
class PhotoAnswer:
    model: str
    answer: Answer
    detector: str
    width: int
    height: int
    note: decode.Note | None
    faces: list[FaceAnswer]


def predict(
    data: bytes, predictor: Predictor, detector: Detector, answer: Answer = "mix"
) -> PhotoAnswer:
    """The faces of one photo's bytes, largest first. Raises decode.BadPicture."""
    picture = decode.load(data)
    return PhotoAnswer(
        model=predictor.card.name,
        answer=answer,
        detector=detector.name,
        width=picture.width,
        height=picture.height,
        note=picture.note,
        faces=[
            _face(found, predictor, answer)
            for found in predict_faces(picture, predictor, detector)
        ],
    )


def _face(found: FacePrediction, predictor: Predictor, answer: Answer) -> FaceAnswer:
    opinion = predictor.by_emotion(found.answers[answer])
    return FaceAnswer(
        box=[round(edge, 1) for edge in found.box],
        score=round(found.score, 4),
        emotion=max(opinion, key=lambda emotion: opinion[emotion]),
        doubt=found.doubt,
        probabilities=opinion,
    )


def run(args: argparse.Namespace) -> int:
    predictor = Predictor.load(args.model)
    detector = load_detector(args.detector)
    failed = 0
    for path in args.photos:
        try:
            answer = predict(path.read_bytes(), predictor, detector, args.answer)
        except OSError as error:
            failed += _failed(path, f"cannot be read ({error.strerror}).", args.json)
        except BadInput as error:
            failed += _failed(path, str(error), args.json)
        else:
            _show(path, answer, args.json)
    return 2 if failed else 0


def _failed(path: Path, sentence: str, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"photo": str(path), "error": sentence}))
    print(f"{printable(str(path))}: {sentence}", file=sys.stderr)
    return 1


def _show(path: Path, answer: PhotoAnswer, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"photo": str(path)} | asdict(answer)), flush=True)
        return
    count = len(answer.faces)
    print(f"{printable(str(path))}: {count or 'no'} face{'' if count == 1 else 's'}")
    if answer.note:
        print(f"  {decode.NOTES[answer.note]}")
    for face in answer.faces:
        ranked = sorted(face.probabilities.items(), key=lambda item: -item[1])[:3]
        opinion = ", ".join(f"{emotion} {p:.0%}" for emotion, p in ranked)
        x, y, w, h = (round(side) for side in face.box)
        doubt = f" (not sure: {face.doubt})" if face.doubt else ""
        print(f"  {w}×{h} at {x},{y}: {opinion}{doubt}")
