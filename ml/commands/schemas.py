"""`python -m ml schemas FOLDER`: the JSON Schemas of what others may want to read."""

import argparse
import json
from pathlib import Path

from ml.artefact.card import Card
from ml.evaluation.exam_report import ExamReport
from ml.json_model import JsonModel

SCHEMAS: dict[str, type[JsonModel]] = {"card": Card, "exam-report": ExamReport}
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="as docs/schemas")


def run(args: argparse.Namespace) -> int:
    args.folder.mkdir(parents=True, exist_ok=True)
    for name, model in SCHEMAS.items():
        schema = {"$schema": DIALECT} | model.model_json_schema()
        text = json.dumps(schema, indent=1, ensure_ascii=False)
        (args.folder / f"{name}.schema.json").write_text(f"{text}\n")
    return 0
