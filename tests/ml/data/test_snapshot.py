"""A snapshot's manifest, as it is found in a folder."""

import json
from pathlib import Path

import pytest

from ml.data import snapshot
from ml.data.arrays import BadData
from ml.emotions import EMOTIONS

# Before doubted labels were counted, and now.
FORMAT_1 = {
    "format": 1,
    "emotions": [str(emotion) for emotion in EMOTIONS],
    "fer2013": None,
    "rows": 2,
    "exam_rows": 1,
    "weight": 1.5,
    "per_emotion": {"happy": 2},
    "per_source": {"site": 2},
    "hash": "ab" * 32,
    "shards": ["rows-00000.parquet"],
}
FER2013 = {"sha256": "cd" * 32, "ferplus": None, "cleaning": {"drop_leaked": True}}
FORMAT_2 = FORMAT_1 | {"format": 2, "fer2013": FER2013, "doubted_labels": 1}
FORMAT_2 |= {"accepted": 5, "copies": 2, "for_exam": 1}


def write(folder: Path, content: object) -> Path:
    (folder / "manifest.json").write_text(json.dumps(content))
    return folder


def test_both_formats_are_read(tmp_path: Path) -> None:
    first = snapshot.manifest(write(tmp_path, FORMAT_1))
    assert (first.format, first.rows, first.doubted_labels) == (1, 2, 0)
    assert first.fer2013 is None
    second = snapshot.manifest(write(tmp_path, FORMAT_2))
    assert (second.hash, second.shards) == ("ab" * 32, ("rows-00000.parquet",))
    assert second.fer2013 is not None
    assert second.fer2013.cleaning == {"drop_leaked": True}
    assert second.model_dump(mode="json") == FORMAT_2


@pytest.mark.parametrize("field", ["emotions", "rows", "hash", "shards"])
def test_a_manifest_that_lacks_a_field_is_refused_by_its_name(
    tmp_path: Path, field: str
) -> None:
    less = {key: value for key, value in FORMAT_2.items() if key != field}
    with pytest.raises(BadData, match=f"{field}: field required"):
        snapshot.manifest(write(tmp_path, less))


@pytest.mark.parametrize("content", [FORMAT_2 | {"format": 3}, [], "manifest"])
def test_another_format_is_refused(tmp_path: Path, content: object) -> None:
    with pytest.raises(BadData, match="is of no snapshot format that is known"):
        snapshot.manifest(write(tmp_path, content))


def test_a_manifest_that_is_missing_or_cut_off_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadData, match="cannot be read"):
        snapshot.manifest(tmp_path)
    (tmp_path / "manifest.json").write_text('{"format": 2, "emo')
    with pytest.raises(BadData, match="invalid JSON"):
        snapshot.manifest(tmp_path)
