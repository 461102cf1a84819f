"""A version as a model repository of the Hugging Face Hub holds it.

`README.md` is the model card with its figures as a model-index, `onnx/model.onnx` what
serves, `config.json` has the labels, `preprocessor_config.json` what a face must be.
Source: https://huggingface.co/docs/hub/model-cards.
"""

import json
import shutil
from pathlib import Path

import jinja2

from ml.artefact import card as cards
from ml.artefact.answers import OUTPUTS
from ml.artefact.card import Card
from ml.data.arrays import SIDE

README = "README.md.jinja"
TEMPLATES = Path(__file__).parent / "templates"
SPLITS = {"tune": "Tune", "public": "PublicTest", "private": "PrivateTest"}


def write(folder: Path, out: Path) -> None:
    """The artefact in `folder`, checked, into the empty folder `out`."""
    card = cards.verify(folder, names=[cards.MODEL])
    (out / "onnx").mkdir(parents=True)
    shutil.copyfile(folder / cards.MODEL, out / "onnx" / cards.MODEL)
    shutil.copyfile(folder / cards.CARD, out / cards.CARD)
    _write_json(out / "config.json", _config(card))
    _write_json(out / "preprocessor_config.json", _preprocessor())
    (out / "README.md").write_text(_readme(card))


def _config(card: Card) -> dict[str, object]:
    labels = dict(enumerate(card.emotions))
    return {
        "model_type": "mien",
        "id2label": {str(number): name for number, name in labels.items()},
        "label2id": {name: number for number, name in labels.items()},
        "num_labels": len(labels),
        "certainty_threshold": card.certainty_threshold,
        "outputs": dict(OUTPUTS),
    }


def _preprocessor() -> dict[str, object]:
    """A square of a face, as `ml/vision/face_crop.py` cuts it: float32 [n, 48, 48, 1],
    whole greys from 0 to 255."""
    return {
        "do_resize": True,
        "size": {"height": SIDE, "width": SIDE},
        "do_grayscale": True,
        "do_rescale": False,
        "do_normalize": False,
        "input_data_format": "channels_last",
        "input_name": "face",
    }


def _readme(card: Card) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701  (it is Markdown, of a card that we wrote)
    )
    measured = {
        SPLITS[split]: figures
        for split, figures in card.metrics.items()
        if split in SPLITS and figures.accuracy is not None
    }
    return environment.get_template(README).render(card=card, measured=measured)


def _write_json(path: Path, content: dict[str, object]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n")
