"""`python -m ml detect PHOTO…`: find the faces, and how each looks to the model.

One JSON object a photo with `--json`, in the form that the API's `/detect` answers in.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from ml.artefact.answers import ANSWERS, Answer
from ml.artefact.predictor import Predictor
from ml.commands import exit_codes, paths
from ml.data import file_tree
from ml.data.file_tree import printable
from ml.data.labelled_folders import PICTURES
from ml.errors import BadInput
from ml.vision import decode
from ml.vision.detector import Detector, load_detector
from ml.vision.face_answer import FaceAnswer, face_answer
from ml.vision.pipeline import predict_faces

STANDARD_INPUT = "-"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "photos",
        nargs="+",
        metavar="PHOTO",
        help="a file, a folder, or - for standard input",
    )
    add_model_arguments(parser)
    add_answer_argument(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object a photo")


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """`--model` and `--detector`, for every command that looks at pictures."""
    parser.add_argument(
        "--model",
        type=Path,
        default=paths.base_model(),
        help="a model folder (default: $MODEL, else the base model)",
    )
    parser.add_argument(
        "--detector",
        type=Path,
        help="YuNet's file (default: $FACE_DETECTOR, else that of the data folder; "
        "without one, faces are found less well)",
    )


def add_answer_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--answer",
        choices=ANSWERS,
        default="mix",
        help="of the head that learned labels, of the raters', or both mixed (default)",
    )


@dataclass(frozen=True)
class PhotoAnswer:
    model: str
    answer: Answer
    detector: str
    width: int
    height: int
    note: decode.Note | None
    faces: list[FaceAnswer]


@dataclass(frozen=True)
class Source:
    """One photo to look at. `read` raises OSError."""

    name: str
    read: Callable[[], bytes]


def detect(
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
            face_answer(found, picture, predictor, answer)
            for found in predict_faces(picture, predictor, detector)
        ],
    )


def run(args: argparse.Namespace) -> int:
    predictor = Predictor.load(args.model)
    detector = load_detector(paths.detector(args.detector))
    sources = list(_sources(args.photos))
    show = _as_json if args.json else _as_text
    failed = 0
    for number, source in enumerate(sources, 1):
        _progress(number, len(sources))
        try:
            show(source, detect(source.read(), predictor, detector, args.answer))
        except OSError as error:
            why = error.strerror or str(error)
            failed += _failed(source, "unreadable", f"cannot be read ({why}).", args)
        except decode.BadPicture as error:
            failed += _failed(source, error.code, str(error), args)
    return exit_codes.of_batch(failed, len(sources))


def _sources(names: list[str]) -> Iterator[Source]:
    for name in names:
        path = Path(name)
        if name == STANDARD_INPUT:
            yield Source(name, sys.stdin.buffer.read)
        elif path.is_dir():
            yield from _in_folder(path)
        else:
            yield Source(name, path.read_bytes)


def _in_folder(folder: Path) -> Iterator[Source]:
    """Its pictures, and those of its folders."""
    pictures = [
        file for file in file_tree.open_tree(folder).files if file.suffix in PICTURES
    ]
    if not pictures:
        raise BadInput(f"{printable(str(folder))} has no picture in it.")
    for file in pictures:
        yield Source(str(folder.joinpath(*file.parts)), file.read)


def _progress(number: int, count: int) -> None:
    if count > 1 and sys.stderr.isatty():
        end = "\n" if number == count else ""
        print(f"\rphoto {number} of {count}", end=end, file=sys.stderr, flush=True)


def _failed(source: Source, code: str, sentence: str, args: argparse.Namespace) -> int:
    if args.json:
        error = {"code": code, "message": sentence}
        print(json.dumps({"photo": source.name, "error": error}), flush=True)
    print(f"{printable(source.name)}: {sentence}", file=sys.stderr)
    return 1


def _as_json(source: Source, answer: PhotoAnswer) -> None:
    print(json.dumps({"photo": source.name} | asdict(answer)), flush=True)


def _as_text(source: Source, answer: PhotoAnswer) -> None:
    count = len(answer.faces)
    print(f"{printable(source.name)}: {count or 'no'} face{'' if count == 1 else 's'}")
    if answer.note:
        print(f"  {decode.NOTES[answer.note]}")
    for face in answer.faces:
        ranked = sorted(face.probabilities.items(), key=lambda item: -item[1])[:3]
        opinion = ", ".join(f"{emotion} {p:.0%}" for emotion, p in ranked)
        x, y, w, h = face.box
        doubt = "" if face.is_sure else f" (not sure{_because(face)})"
        print(f"  {w}×{h} at {x},{y}: {opinion}{doubt}")


def _because(face: FaceAnswer) -> str:
    return f": {face.doubt}" if face.doubt else ""
