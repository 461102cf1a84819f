"""A teacher, and a student of its answers, in stages, on made faces."""

from pathlib import Path

import keras
import numpy as np
import pytest

from ml.config import Config, preset
from ml.data import splits
from ml.data.arrays import Fer2013
from ml.export import multi_view
from tests.experiments.distillation import (
    device_batches,
    faces_file,
    stage,
    teacher_networks,
)
from tests.experiments.distillation.faces_file import Faces
from tests.support import training_data

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Faces:
    """200 of them as they come back from the file."""
    pixels, labels = training_data.faces(200)
    fer = Fer2013(pixels, labels.astype(np.uint8), np.zeros(200, np.uint8))
    train, tune, _counts = splits.split_rows(fer, None, Config())
    folder = tmp_path_factory.mktemp("faces")
    faces_file.write(train, tune, folder)
    read = faces_file.read(folder)
    np.testing.assert_array_equal(read.pixels[: len(train)], train.pixels)
    np.testing.assert_array_equal(read.pixels[len(train) :], tune.pixels)
    assert read.is_tune.sum() == len(tune) > 0
    return read


@pytest.mark.parametrize("name", ["resnet-18", "efficientnet-v2-b0"])
def test_a_teacher_gives_logits_for_both_heads(name: str) -> None:
    assert teacher_networks.build(name, 7, dropout=0.1).output_shape == (None, 2, 7)


def test_a_student_learns_from_answers_over_two_stages(
    faces: Faces, tmp_path: Path
) -> None:
    said: list[str] = []
    config = preset("full", network="vgg-tiny", epochs=2, batch=64, branches=True)
    teacher = stage.Task(config, side=44)
    assert not stage.run(teacher, faces, tmp_path / "t", minutes=0, say=said.append)
    assert stage.run(teacher, faces, tmp_path / "t", minutes=9, say=said.append)
    answers = np.load(tmp_path / "t" / "answers.npz")["logits"]
    assert (answers.dtype, answers.shape) == (np.float16, (len(faces), 2, 7))
    student = stage.Task(
        preset("full", network="vgg-tiny", distil=1.0), 44, (tmp_path / "t",)
    )
    targets = stage.make_targets(student, faces)
    taught = stage.softmax(answers.astype(np.float32))
    np.testing.assert_allclose(targets, taught, atol=1e-6)
    assert [line.split(":")[0] for line in said if line.startswith("epoch")] == [
        "epoch 1/2",
        "epoch 2/2",
    ]


def test_the_saved_network_gives_the_answers_that_were_kept(
    faces: Faces, tmp_path: Path
) -> None:
    config = preset("full", network="vgg-tiny", epochs=1, batch=64, wide=True)
    task = stage.Task(config, side=44)
    stage.run(task, faces, tmp_path, minutes=9, say=lambda _line: None)
    saved = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    views = multi_view.views(faces.pixels, config)
    by_views = np.mean(
        [saved.predict(v[..., None].astype(np.float32), verbose=0) for v in views], 0
    )
    kept = np.load(tmp_path / "answers.npz")["logits"]
    np.testing.assert_allclose(kept, by_views, atol=0.05)  # those views are uint8


def test_without_change_a_batch_is_the_middle_of_the_faces(faces: Faces) -> None:
    still = Config(rotate=0, zoom=0, shift=0, light=0, erase=0)
    x = device_batches.taken(device_batches.on_device(faces.pixels), np.arange(20))
    seen = device_batches.augment(x, still, 44, np.random.default_rng(0))
    seen = keras.ops.convert_to_numpy(seen)[..., 0]
    middle = faces.pixels[:20, 2:46, 2:46].astype(np.float32)
    same = np.abs(seen - middle).max((1, 2)) < 0.1
    mirrored = np.abs(seen - middle[:, :, ::-1]).max((1, 2)) < 0.1
    assert np.logical_xor(same, mirrored).all()
    assert 0 < mirrored.sum() < 20
