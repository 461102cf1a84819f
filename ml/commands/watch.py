"""`python -m ml watch DEVICE|VIDEO`: follow its faces until the end or Ctrl-C."""

import argparse
import json
import signal
from pathlib import Path
from types import FrameType

import cv2

from ml.artefact.predictor import Predictor
from ml.commands import paths
from ml.commands.detect import add_answer_argument, add_model_arguments
from ml.errors import BadInput
from ml.video import watch, watch_report
from ml.video.session_summary import SessionSummary
from ml.vision.detector import load_detector

PRINT_EVERY = 1.0  # seconds of the video between two lines in the terminal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="DEVICE|VIDEO", help="0, /dev/video0 or file")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="put report.html, faces.csv and the annotated faces.webm here",
    )
    add_model_arguments(parser)
    add_answer_argument(parser)
    parser.add_argument("--json", action="store_true", help="one object a frame")


def run(args: argparse.Namespace) -> int:
    predictor = Predictor.load(args.model)
    detector = load_detector(paths.detector(args.detector))
    if args.out:
        try:
            args.out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadInput(f"{args.out} cannot be made: {error.strerror}.") from error
    signal.signal(signal.SIGTERM, _stop)
    summary = watch.record(
        watch.follow(watch.frames(args.source), predictor, detector, args.answer),
        predictor.emotions,
        args.out,
        rate=_rate(args.source),
        on_frame=_Printer(as_json=args.json),
    )
    if args.out:
        watch_report.write(
            args.out / "report.html",
            summary,
            source=Path(args.source).name,
            model=predictor.card.name,
            video=f"faces{watch.SUFFIX}",
        )
    if not args.json:
        _print_summary(summary, args.out)
    return 0


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _rate(source: str) -> float:
    if not Path(source).is_file():
        return watch.CAMERA_RATE
    capture = cv2.VideoCapture(source)
    rate = capture.get(cv2.CAP_PROP_FPS)
    capture.release()
    return rate or watch.CAMERA_RATE


class _Printer:
    """Prints what is seen: every frame as JSON, or a line a second for people."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.next = 0.0

    def __call__(self, frame: watch.Frame) -> None:
        if self.as_json:
            faces = [
                {
                    "face": face.face,
                    "box": [round(side, 1) for side in face.box],
                    "emotion": face.emotion,
                    "probabilities": {k: round(p, 4) for k, p in face.smooth.items()},
                }
                for face in frame.faces
            ]
            print(json.dumps({"time": round(frame.time, 3), "faces": faces}))
        elif frame.time >= self.next:
            self.next = frame.time + PRINT_EVERY
            words = [
                f"{face.face} {face.emotion} {face.smooth[face.emotion]:.0%}"
                for face in frame.faces
            ]
            print(f"{frame.time:7.1f} s  {'   '.join(words) or 'no face'}", flush=True)


def _print_summary(summary: SessionSummary, folder: Path | None) -> None:
    shares = sorted(summary.shares().items(), key=lambda item: -item[1])
    words = ", ".join(f"{name} {share:.0%}" for name, share in shares if share >= 0.005)
    print(
        f"{summary.frames} frames, {len(summary.faces)} faces"
        + (f": {words}" if words else "")
    )
    if folder:
        print(f"Report: {folder / 'report.html'}")
