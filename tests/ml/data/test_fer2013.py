"""Every published form of FER-2013, and what is said of a damaged one."""

import gzip
import shutil
import tarfile
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from ml.data import fer2013, fer2013_folders, ferplus
from ml.data.arrays import PRIVATE, PUBLIC, TRAINING, BadData, Fer2013
from ml.emotions import EMOTIONS
from tests.support import training_data
from tests.support.real_data import FER2013, FERPLUS, needs_fer2013, needs_ferplus


def as_gz(csv: Path) -> Path:
    packed = csv.with_name("fer2013.csv.gz")
    packed.write_bytes(gzip.compress(csv.read_bytes()))
    return packed


def as_zip(csv: Path) -> Path:
    packed = csv.with_name("archive.zip")
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("README.md", "read me")
        archive.write(csv, "fer2013/fer2013.csv")
    return packed


def as_tar_gz(csv: Path) -> Path:
    packed = csv.with_name("fer2013.tar.gz")
    with tarfile.open(packed, "w:gz") as tar:
        tar.add(csv, "fer2013/fer2013.csv")
    return packed


def as_icml(csv: Path) -> Path:
    other = csv.with_name("icml_face_data.csv")
    lines = csv.read_text().splitlines()
    rows = [line.split(",") for line in lines[1:]]
    moved = [f"{emotion}, {usage}, {pixels}" for emotion, pixels, usage in rows]
    other.write_text("\n".join(["emotion, Usage, pixels", *moved]) + "\n")
    return other


def equal(a: Fer2013, b: Fer2013) -> bool:
    same = np.array_equal(a.pixels, b.pixels) and np.array_equal(a.labels, b.labels)
    return same and np.array_equal(a.usage, b.usage)


@pytest.mark.parametrize("pack", [as_gz, as_zip, as_tar_gz, as_icml])
def test_each_form_of_the_csv_gives_the_same_rows(pack, tmp_path: Path) -> None:
    csv = training_data.fer2013(tmp_path / "fer2013.csv", train=21, public=7, private=7)
    bare = fer2013.read(csv)
    assert [int((bare.usage == u).sum()) for u in (0, 1, 2)] == [21, 7, 7]
    assert equal(fer2013.read(pack(csv)), bare)


def broken(tmp_path: Path, change) -> str:
    csv = training_data.fer2013(tmp_path / "fer2013.csv", train=4, public=1, private=1)
    lines = csv.read_text().splitlines()
    lines[3] = change(lines[3])
    csv.write_text("\n".join(lines))
    with pytest.raises(BadData) as caught:
        fer2013.read(csv)
    return str(caught.value)


def test_a_wrong_row_is_named_by_its_line(tmp_path: Path) -> None:
    cases = {
        "unknown label '7'": lambda row: "7" + row[1:],
        "unknown usage 'Exam'": lambda row: row.replace("Training", "Exam"),
        "found 2303": lambda row: row.replace(" ", "", 1),
        "with a wrong one": lambda row: row.replace(" ", " 4", 1).replace(",4", ",400"),
        "cut short": lambda row: row[:200],
    }
    for sentence, change in cases.items():
        said = broken(tmp_path, change)
        assert "line 4" in said, said
        assert sentence in said or "wrong one" in sentence, said


def test_a_grey_value_beyond_255_is_refused(tmp_path: Path) -> None:
    def change(row: str) -> str:
        label, pixels, usage = row.split(",")
        return f"{label},999 {pixels.split(' ', 1)[1]},{usage}"

    assert "with a wrong one" in broken(tmp_path, change)


def test_another_file_is_not_taken_for_fer2013(tmp_path: Path) -> None:
    other = tmp_path / "iris.csv"
    other.write_text("sepal,petal\n1,2\n")
    with pytest.raises(BadData, match="line 1: expected the columns"):
        fer2013.read(other)
    with pytest.raises(FileNotFoundError):
        fer2013.read(tmp_path / "nothing.csv")
    (tmp_path / "empty.zip").write_bytes(b"no archive")
    with pytest.raises(BadData, match="damaged"):
        fer2013.read(tmp_path / "empty.zip")


def test_a_download_that_broke_off_is_noticed(tmp_path: Path) -> None:
    csv = training_data.fer2013(tmp_path / "fer2013.csv")
    packed = as_gz(csv)
    packed.write_bytes(packed.read_bytes()[:-2000])
    with pytest.raises(BadData, match="damaged or cut short"):
        fer2013.read(packed)


def test_wrong_counts_are_told(tmp_path: Path) -> None:
    data = fer2013.read(training_data.fer2013(tmp_path / "fer2013.csv"))
    with pytest.raises(BadData, match="has 70 Training, 14 PublicTest"):
        fer2013.check_whole(data, "fer2013.csv")


def test_the_second_reading_comes_from_the_cache(tmp_path: Path) -> None:
    csv = training_data.fer2013(tmp_path / "fer2013.csv")
    first = fer2013.read(csv, cache=tmp_path / "cache")
    assert len(list((tmp_path / "cache").iterdir())) == 1
    assert equal(fer2013.read(csv, cache=tmp_path / "cache"), first)
    training_data.fer2013(csv, train=84)
    assert len(fer2013.read(csv, cache=tmp_path / "cache")) == 112


def write_pictures(folder: Path, emotions: list[str], *, prefix: str = "im") -> None:
    for emotion in emotions:
        (folder / emotion).mkdir(parents=True)
        for i in range(3):
            name = folder / emotion / f"{prefix}{i}.png"
            cv2.imwrite(str(name), np.full((48, 48), 40 * i + 10, np.uint8))


@pytest.mark.parametrize(
    ("emotions", "expected"),
    [
        (["happy", "sad", "angry"], ("angry", "happy", "sad")),
        ([e for e in EMOTIONS if e != "disgust"], None),
        (list(EMOTIONS), EMOTIONS),
    ],
)
def test_folders_of_three_six_or_seven_classes(
    emotions: list[str], expected: tuple[str, ...] | None, tmp_path: Path
) -> None:
    write_pictures(tmp_path / "images" / "train-kopia", emotions)
    write_pictures(tmp_path / "images" / "validation", emotions)
    data = fer2013.read(tmp_path)
    assert data.emotions == (expected or tuple(e for e in EMOTIONS if e != "disgust"))
    assert int((data.usage == TRAINING).sum()) == 3 * len(emotions)
    assert int((data.usage == PUBLIC).sum()) == 3 * len(emotions)


def test_the_name_of_a_picture_tells_its_split(tmp_path: Path) -> None:
    write_pictures(tmp_path / "train", ["happy"])
    write_pictures(tmp_path / "test", ["happy"], prefix="PrivateTest_")
    write_pictures(tmp_path / "test", ["sad"], prefix="PublicTest_")
    data = fer2013.read(tmp_path)
    assert sorted(set(data.usage[data.labels == 0])) == [TRAINING, PRIVATE]
    assert sorted(set(data.usage[data.labels == 1])) == [PUBLIC]


@pytest.mark.parametrize("pack", ["zip", "gztar"])
def test_folders_are_read_in_their_archive(pack: str, tmp_path: Path) -> None:
    tree = tmp_path / "set" / "images" / "images"
    for part in ("train", "validation"):
        write_pictures(tree / part, ["happy", "sad"])
    (tree / "train" / "happy" / "._im0.png").write_bytes(b"left by a tool")
    archive = shutil.make_archive(str(tmp_path / "packed"), pack, tmp_path / "set")
    assert equal(fer2013.read(Path(archive)), fer2013.read(tmp_path / "set"))
    assert len(fer2013.read(Path(archive))) == 12


def test_a_copy_within_the_copy_is_not_read_twice(tmp_path: Path) -> None:
    for tree in (tmp_path / "images", tmp_path / "images" / "images"):
        for part in ("train", "validation"):
            write_pictures(tree / part, ["happy", "sad"])
    assert len(fer2013.read(tmp_path)) == 12


def test_folders_with_bare_numbers_are_refused(tmp_path: Path) -> None:
    write_pictures(tmp_path / "train", ["1", "2"])
    with pytest.raises(BadData, match="bare numbers say no expression"):
        fer2013.read(tmp_path)


def test_a_folder_that_is_no_emotion_is_named(tmp_path: Path) -> None:
    write_pictures(tmp_path / "train", ["happy", "bored"])
    with pytest.raises(BadData, match="'train/bored' is no emotion"):
        fer2013_folders.read(tmp_path)
    shutil.rmtree(tmp_path / "train" / "bored")
    with pytest.raises(BadData, match="one folder of training pictures"):
        fer2013_folders.read(tmp_path / "train")


def test_votes_become_shares_and_a_majority() -> None:
    counts = np.zeros((5, 10), np.int64)
    counts[0, [3, 6]] = 8, 2
    counts[1, [0, 4, 6]] = 4, 3, 3
    counts[2, [3, 9]] = 4, 6
    counts[3, [6, 7]] = 4, 6
    counts[4, [3, 6]] = 9, 1
    votes = ferplus.Votes(counts)
    assert votes.majority().tolist() == [3, -1, -1, -1, 3]
    assert votes.soft_labels()[0, 3] == pytest.approx(0.8)
    assert votes.soft_labels()[4, 3] == 1.0, "a lone vote beside others is noise"
    assert votes.non_face().tolist() == [False, False, True, False, False]


def test_votes_in_another_order_are_refused(tmp_path: Path) -> None:
    data = fer2013.read(training_data.fer2013(tmp_path / "fer2013.csv"))
    usages = [training_data.USAGES[u] for u in data.usage]
    path = training_data.ferplus(tmp_path / "fer2013new.csv", usages, data.labels)
    known = ferplus.read(path, data.usage).majority()
    assert np.array_equal(known, data.labels)
    training_data.ferplus(path, usages[::-1], data.labels)
    with pytest.raises(BadData, match="line 2: PrivateTest where FER-2013 has Tra"):
        ferplus.read(path, data.usage)
    training_data.ferplus(path, usages[:-1], data.labels)
    with pytest.raises(BadData, match="has 97 rows, FER-2013 here has 98"):
        ferplus.read(path, data.usage)


@pytest.fixture(scope="module")
def real(fer2013_cache: Path) -> Fer2013:
    assert FER2013 is not None
    return fer2013.read(FER2013, cache=fer2013_cache)


@pytest.mark.slow
@needs_fer2013
def test_the_real_file_is_whole(real: Fer2013) -> None:
    assert FER2013 is not None
    fer2013.check_whole(real, FER2013.name)


@pytest.mark.slow
@needs_fer2013
@needs_ferplus
def test_the_real_votes_fit_the_real_file(real: Fer2013) -> None:
    assert FERPLUS is not None
    majority = ferplus.read(FERPLUS, real.usage).majority()
    here = (real.usage == PRIVATE) & (majority >= 0)
    assert int(here.sum()) == 3147
    agreed = float((majority[here] == real.labels[here]).mean())
    assert agreed == pytest.approx(0.677, abs=0.001)
