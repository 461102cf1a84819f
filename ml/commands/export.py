"""`python -m ml export MODEL_DIR OUT --form …`: a version in a form others read."""

import argparse
import importlib
import os
from pathlib import Path

from ml.errors import BadInput

FORMS = {  # name -> the module whose `write` makes it
    "huggingface": "ml.export.huggingface",
    "mlflow": "ml.export.mlflow_model",
    "tflite": "ml.export.tflite",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("model", type=Path, metavar="MODEL_DIR")
    add("out", type=Path, metavar="OUT", help="a folder that is empty, or not there")
    add("--form", choices=FORMS, required=True)
    add("--register", metavar="NAME", default="",
        help="with mlflow: also into the registry of $MLFLOW_TRACKING_URI")  # fmt: skip
    add("--alias", choices=("champion", "challenger"), default="challenger")


def run(args: argparse.Namespace) -> int:
    if args.out.exists() and (not args.out.is_dir() or any(args.out.iterdir())):
        raise BadInput(f"{args.out} is not an empty folder.")
    importlib.import_module(FORMS[args.form]).write(args.model, args.out)
    print(f"{args.out} holds {args.model.name} for {args.form}")
    if args.register:
        _register(args)
    return 0


def _register(args: argparse.Namespace) -> None:
    from ml.export import mlflow_model

    uri = os.environ.get("MLFLOW_TRACKING_URI", "")
    if args.form != "mlflow" or not uri:
        raise BadInput("--register takes --form mlflow and $MLFLOW_TRACKING_URI.")
    number = mlflow_model.register(args.out, uri, name=args.register, alias=args.alias)
    print(f"{args.register} {number} in {uri} is {args.alias}")
