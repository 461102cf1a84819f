"""`mien`: the client from a shell. Results on stdout, progress on stderr.

It ends with 0; 2 if it was called wrongly; 3 if the site refused or a file cannot be
read; 4 if that holds for some of several; 5 if the site does not answer; 6 if what was
waited for failed.
"""

import argparse
import csv
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

from mien import __version__
from mien.client import HERE, Client
from mien.errors import MienError, Refused, Unreachable
from mien.shapes import Face, FaceUnderReview, Photo, Shape, Training

OK, REFUSED, PARTLY, UNREACHABLE, FAILED = 0, 3, 4, 5, 6
INTERRUPTED = 130
CONSENTS = {
    "--adult": "it shows an adult, who gives it or has agreed",
    "--keep": "models may learn from it",
    "--may-be-seen": "other visitors may see it to vote on it",
    "--may-be-released": "it may be part of a public data set",
}


def run_from_shell() -> NoReturn:
    sys.exit(main())


def main(argv: list[str] | None = None, client: Client | None = None) -> int:
    args = _parser().parse_args(argv)
    try:
        with client or Client(args.site, token=args.token) as site:
            status: int = args.run(site, args)
            return status
    except (Refused, OSError) as why:
        return _complain(str(why), REFUSED)
    except Unreachable as why:
        return _complain(str(why), UNREACHABLE)
    except MienError as why:
        return _complain(str(why), REFUSED)
    except KeyboardInterrupt:
        return INTERRUPTED


def _complain(sentence: str, status: int) -> int:
    print(f"mien: {sentence}", file=sys.stderr)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mien", description="Ask a site of Mien.")
    add = parser.add_argument
    add(
        "--site",
        default=os.environ.get("MIEN_SITE", HERE),
        help="(default: $MIEN_SITE)",
    )
    add("--token", default=os.environ.get("MIEN_TOKEN"), help="(default: $MIEN_TOKEN)")
    add("--json", action="store_true", help="what the site answered, one object a line")
    add("--version", action="version", version=f"mien {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    detect = commands.add_parser("detect", help="the faces of photos")
    detect.add_argument(
        "photos", nargs="+", metavar="PHOTO", help="- is standard input"
    )
    detect.add_argument("--answer", choices=("mix", "label", "raters"))
    detect.set_defaults(run=_detect)

    give = commands.add_parser("give", help="give the face of a photo")
    give.add_argument("photo", type=Path)
    give.add_argument("--emotion", required=True)
    give.add_argument("--face", type=int, metavar="N", help="which, of several: from 1")
    for name, meaning in CONSENTS.items():
        give.add_argument(name, action="store_true", help=meaning)
    give.set_defaults(run=_give)

    withdraw = commands.add_parser("withdraw", help="take faces back")
    withdraw.add_argument("links", nargs="+", metavar="LINK")
    withdraw.set_defaults(run=_withdraw)

    review = commands.add_parser("review", help="what waits for a reviewer")
    export = review.add_subparsers(required=True).add_parser("export", help="as CSV")
    export.add_argument("--emotion")
    export.add_argument("--source", choices=("site", "api", "import"))
    export.set_defaults(run=_review_export)

    train = commands.add_parser("train", help="ask for a retraining")
    train.add_argument("preset")
    train.add_argument("--wait", action="store_true", help="until it has ended")
    for option, kind in _TRAINING_OPTIONS.items():
        train.add_argument(f"--{option}", type=kind)
    train.set_defaults(run=_train)

    release = commands.add_parser("release", help="datasets that were released")
    download = release.add_subparsers(required=True).add_parser("download")
    download.add_argument("url", help="where the release is published")
    download.add_argument("folder", type=Path)
    download.set_defaults(run=_release_download)
    return parser


_TRAINING_OPTIONS = {
    "start": str,
    "policy": str,
    "network": str,
    "weight": float,
    "epochs": int,
}


def _detect(site: Client, args: argparse.Namespace) -> int:
    failed = 0
    for number, name in enumerate(args.photos, 1):
        _progress(f"photo {number} of {len(args.photos)}", of_many=len(args.photos))
        try:
            data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
            _show_photo(name, site.detect(data, answer=args.answer), args)
        except (OSError, Refused) as why:
            failed += 1
            sentence = (
                why.strerror or str(why) if isinstance(why, OSError) else str(why)
            )
            _complain(f"{name}: {sentence}", REFUSED)
    if not failed:
        return OK
    return REFUSED if failed == len(args.photos) else PARTLY


def _show_photo(name: str, photo: Photo, args: argparse.Namespace) -> None:
    if args.json:
        print(json.dumps({"photo": name} | photo.model_dump(mode="json")), flush=True)
        return
    count = len(photo.faces)
    print(f"{name}: {count or 'no'} face{'' if count == 1 else 's'}")
    for face in photo.faces:
        print(f"  {_sentence(face)}")


def _sentence(face: Face) -> str:
    ranked = sorted(face.probabilities.items(), key=lambda item: -item[1])[:3]
    opinion = ", ".join(f"{emotion} {share:.0%}" for emotion, share in ranked)
    x, y, w, h = face.box
    return f"{w}×{h} at {x},{y}: {opinion}" + ("" if face.is_sure else " (not sure)")


def _give(site: Client, args: argparse.Namespace) -> int:
    faces = site.detect(args.photo, crops=True).faces
    if not faces:
        return _complain("no face was found in this photo.", REFUSED)
    if args.face is None and len(faces) > 1:
        return _complain(f"it has {len(faces)} faces: say which by --face N.", REFUSED)
    if not 1 <= (number := args.face or 1) <= len(faces):
        return _complain(f"it has no face {number}.", REFUSED)
    gift = site.give(
        faces[number - 1],
        args.emotion,
        adult=args.adult,
        keep=args.keep,
        may_be_seen=args.may_be_seen,
        may_be_released=args.may_be_released,
    )
    if not _as_json(gift, args):
        print(f"given: {gift.id}")
        if gift.withdrawal:
            print(f"takes it back, keep it: {gift.withdrawal}")
    return OK


def _withdraw(site: Client, args: argparse.Namespace) -> int:
    receipt = site.withdraw(*args.links)
    if not _as_json(receipt, args):
        print(f"{len(receipt.withdrawn)} withdrawn, {receipt.unknown} not known")
    if not receipt.unknown:
        return OK
    return PARTLY if receipt.withdrawn else REFUSED


def _review_export(site: Client, args: argparse.Namespace) -> int:
    faces = site.under_review(emotion=args.emotion, source=args.source)
    if args.json:
        for face in faces:
            _as_json(face, args)
        return OK
    _write_table(faces)
    return OK


def _write_table(faces: Iterable[FaceUnderReview]) -> None:
    names = [n for n in FaceUnderReview.model_fields if n != "model_probabilities"]
    table = csv.DictWriter(sys.stdout, names, extrasaction="ignore")
    table.writeheader()
    for face in faces:
        table.writerow(face.model_dump(mode="json"))


def _train(site: Client, args: argparse.Namespace) -> int:
    options = {name: getattr(args, name) for name in _TRAINING_OPTIONS}
    training = site.train(args.preset, **options)
    if args.wait:
        training = site.wait_for(training, on_progress=_show_progress)
        _progress("", of_many=2)
    if not _as_json(training, args):
        words = (training.status, training.verdict or training.message)
        print(f"training {training.id}: {', '.join(filter(None, words))}")
    return FAILED if args.wait and training.status != "done" else OK


def _show_progress(training: Training) -> None:
    left = training.seconds_left
    rest = "" if left is None else f", {left:.0f} s left"
    _progress(f"{training.status} {training.progress:.0%}{rest}", of_many=2)


def _release_download(site: Client, args: argparse.Namespace) -> int:
    def show(name: str, number: int, count: int) -> None:
        _progress(f"{number} of {count}: {name}", of_many=count)

    count = site.download_release(args.url, args.folder, on_file=show)
    _progress("", of_many=2)
    print(f"{count} files, all as their checksums say")
    return OK


def _as_json(shape: Shape, args: argparse.Namespace) -> bool:
    if args.json:
        print(json.dumps(shape.model_dump(mode="json")), flush=True)
    return bool(args.json)


def _progress(line: str, *, of_many: int) -> None:
    if of_many > 1 and sys.stderr.isatty():
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)
