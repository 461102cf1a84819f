import csv
import hashlib
import json
import re
import subprocess
from pathlib import Path

import mlcroissant
import pyarrow.parquet
import pytest
from django.core.management import CommandError, call_command
from mlcroissant._src.core.rdf import make_context

from labeling.contributions import consent, withdrawals
from labeling.datasets import croissant, dataset_release, release_files
from labeling.models import (
    AuditEntry,
    Contribution,
    DatasetRelease,
    Vote,
    Withdrawal,
)
from tests.support.factories import make_contribution, make_user, make_votes

pytestmark = pytest.mark.django_db


def make_public(**fields) -> Contribution:
    return make_contribution(
        **{"status": "accepted", "may_be_released": True, **fields}
    )


def rows_of(folder) -> list[dict]:
    files = sorted(folder.glob("faces-*.parquet"))
    return [row for f in files for row in pyarrow.parquet.read_table(f).to_pylist()]


def test_only_accepted_faces_with_public_consent_are_in_it(tmp_path):
    face = make_public(emotion="sad", decided_emotion="fear")
    make_public(status="waiting")
    make_public(status="rejected")
    make_public(may_be_released=False)
    make_public(giver=make_user(), split="exam")
    dataset_release.write(tmp_path / "out", name="one")
    (row,) = rows_of(tmp_path / "out")
    assert row["id"] == str(face.pk)
    assert row["emotion"] == "fear"
    assert row["jpeg"] == bytes(face.crop.jpeg)
    assert row["distribution"] == pytest.approx([0, 0, 0.75, 0, 0.25, 0, 0])
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.details["name"]) == ("release", "one")
    made = DatasetRelease.objects.get()
    assert (made.count, made.emotions["fear"], made.made_at is not None) == (1, 1, True)
    face.refresh_from_db()
    assert face.released_at


def test_nothing_in_it_names_a_person(tmp_path):
    alice, bob = make_user(), make_user("bob")
    for giver in (alice, alice, bob, None):
        make_public(giver=giver)
    voted = Contribution.objects.filter(giver=alice).first()
    Vote.objects.create(contribution=voted, voter=bob, choice="happy")
    dataset_release.write(tmp_path / "out", name="one")
    rows = rows_of(tmp_path / "out")
    persons = [row["person"] for row in rows]
    assert len(set(persons)) == 3
    assert "" in persons
    assert set(rows[0]) == {
        *("id", "jpeg", "emotion", "distribution", "votes", "person", "given"),
        *("source", "consent"),
    }
    for file in (tmp_path / "out").iterdir():
        for word in (b"alice", b"bob", str(alice.key).encode(), b"example.org"):
            assert word not in file.read_bytes()
    dataset_release.write(tmp_path / "again", name="two")
    again = {row["person"] for row in rows_of(tmp_path / "again")}
    assert not (again - {""}) & set(persons)


def test_the_papers_tell_what_it_is_and_whether_it_is_whole(tmp_path):
    make_public(emotion="sad", consent_version=consent.VERSION)
    out = tmp_path / "out"
    dataset_release.write(out, name="Faces of autumn")
    sheet = (out / "DATASHEET.md").read_text()
    for words in ("Faces of autumn", "| sad | 1 |", "AI Act", "withdrawn.json"):
        assert words in sheet
    assert str(consent.TEXTS[consent.VERSION].released) in sheet
    about = json.loads((out / "release.json").read_text())
    assert (about["rows"], about["emotions"]["sad"]) == (1, 1)
    subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=out, check=True)
    listed = (out / "SHA256SUMS").read_text().splitlines()
    assert len(listed) == len(list(out.iterdir())) - 1
    first, name = listed[0].split("  ")
    assert first == hashlib.sha256((out / name).read_bytes()).hexdigest()


def test_who_took_an_earlier_release_learns_what_was_withdrawn(tmp_path):
    face, kept = make_public(), make_public()
    dataset_release.write(tmp_path / "one", name="one")
    never_released = make_contribution()
    withdrawals.withdraw(face)
    withdrawals.withdraw(never_released)
    dataset_release.write(tmp_path / "two", name="two")
    listed = json.loads((tmp_path / "two" / "withdrawn.json").read_text())["withdrawn"]
    assert [entry["id"] for entry in listed] == [str(face.pk)]
    assert [row["id"] for row in rows_of(tmp_path / "two")] == [str(kept.pk)]


def test_a_face_withdrawn_while_it_is_written_is_not_in_it(tmp_path, monkeypatch):
    faces = [make_public(emotion="sad") for _ in range(5)]
    write_faces = dataset_release._write_faces

    def and_withdraw(release):
        write_faces(release)
        withdrawals.withdraw(faces[2])

    monkeypatch.setattr(dataset_release, "_write_faces", and_withdraw)
    release = dataset_release.write(tmp_path / "out", name="one")
    ids = {row["id"] for row in rows_of(tmp_path / "out")}
    assert ids == {str(face.pk) for face in faces} - {str(faces[2].pk)}
    assert (release.rows, release.emotions["sad"]) == (4, 4)
    listed = (tmp_path / "out" / "withdrawn.json").read_text()
    assert str(faces[2].pk) in listed


def test_many_faces_make_several_files(tmp_path, monkeypatch):
    monkeypatch.setattr(dataset_release, "BATCH", 2)
    monkeypatch.setattr(release_files, "SHARD", 4)
    faces = {str(make_public().pk) for _ in range(9)}
    release = dataset_release.write(tmp_path / "out", name="one")
    assert release.rows == 9
    assert len(list((tmp_path / "out").glob("faces-*.parquet"))) == 3
    assert {row["id"] for row in rows_of(tmp_path / "out")} == faces


def test_only_what_voters_confirmed_is_validated(tmp_path):
    crowd = [make_user(f"voter{n}") for n in range(8)]
    confirmed, disputed, alone = (make_public(emotion="sad") for _ in range(3))
    make_votes(confirmed, "sad", crowd[:4])
    make_votes(disputed, "sad", crowd[:4])
    make_votes(disputed, "angry", crowd[4:])
    make_votes(alone, "sad", crowd[:2])
    write(tmp_path / "out", variant="validated")
    assert ids_in(tmp_path / "out") == {str(confirmed.pk)}
    alone.refresh_from_db()
    assert alone.released_at is None


def test_since_the_last_release_are_faces_whose_picture_no_other_has(tmp_path):
    first = make_public()
    write(tmp_path / "one")
    second = make_public()
    write(tmp_path / "labels", variant="metadata")
    write(tmp_path / "two", variant="since")
    assert ids_in(tmp_path / "two") == {str(second.pk)}
    write(tmp_path / "three", variant="since")
    assert ids_in(tmp_path / "three") == set()
    withdrawals.withdraw(first)
    again = write(tmp_path / "four").row
    assert (again.before.name, again.added, again.gone) == ("one", 1, 1)
    assert "1 faces were added and 1 are gone" in sheet(tmp_path / "four")


def test_labels_alone_hold_no_picture_in_either_form(tmp_path):
    face = make_public()
    for form in ("parquet", "folders"):
        out = tmp_path / form
        write(out, form=form, variant="metadata")
        assert ids_in(out) == {str(face.pk)}
        assert not list(out.rglob("*.jpg"))
        for file in out.rglob("*"):
            assert file.is_dir() or b"\xff\xd8\xff" not in file.read_bytes()


def test_as_folders_readers_of_image_folders_find_picture_and_label(tmp_path):
    sad, happy = make_public(emotion="sad"), make_public(emotion="happy")
    out = tmp_path / "out"
    write(out, form="folders")
    with (out / "faces" / "metadata.csv").open(newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    assert set(rows) == {str(sad.pk), str(happy.pk)}
    for face in (sad, happy):
        name = rows[str(face.pk)]["file_name"]
        assert name == f"{face.emotion}/{face.pk}.jpg"
        assert (out / "faces" / name).read_bytes() == bytes(face.crop.jpeg)
    subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=out, check=True)


@pytest.mark.parametrize("form", ["parquet", "folders"])
def test_a_face_withdrawn_meanwhile_is_in_no_form(tmp_path, monkeypatch, form):
    monkeypatch.setattr(dataset_release, "BATCH", 2)
    monkeypatch.setattr(release_files, "SHARD", 2)
    faces = [make_public(emotion="sad") for _ in range(3)]
    write_faces = dataset_release._write_faces

    def and_withdraw(release):
        write_faces(release)
        withdrawals.withdraw(faces[1])

    monkeypatch.setattr(dataset_release, "_write_faces", and_withdraw)
    made = write(tmp_path / "out", form=form).row
    gone = str(faces[1].pk)
    assert ids_in(tmp_path / "out") == {str(faces[0].pk), str(faces[2].pk)}
    assert (made.count, made.emotions["sad"], made.withdrawn().count()) == (2, 2, 0)
    named = [f.name for f in (tmp_path / "out").rglob("*") if gone in f.name]
    assert named == []


# --- Croissant


@pytest.mark.parametrize("variant", ["all", "metadata"])
@pytest.mark.parametrize("form", ["parquet", "folders"])
def test_mlcroissant_takes_it_and_reads_every_face(
    tmp_path, monkeypatch, settings, form, variant
):
    settings.DATASET_LICENSE = "CC-BY-4.0"
    monkeypatch.setattr(dataset_release, "BATCH", 2)
    monkeypatch.setattr(release_files, "SHARD", 2)
    faces = {str(f.pk): f for f in (make_public(emotion="sad") for _ in range(3))}
    write(tmp_path / "out", form=form, variant=variant)
    described = mlcroissant.Dataset(tmp_path / "out" / "croissant.json")
    issues = described.metadata.ctx.issues
    assert (issues.errors, issues.warnings) == (set(), set())
    assert described.metadata.ctx.conforms_to.value.endswith("/1.1")
    assert make_context(described.metadata.ctx) == croissant.CONTEXT
    assert described.metadata.data_limitations
    assert described.metadata.data_collection_timeframe
    records = list(described.records("records"))
    assert {text(record["records/id"]) for record in records} == set(faces)
    for record in records:
        assert text(record["records/emotion"]) == "sad"
        if variant == "all":
            assert record["records/jpeg"].size == (128, 128)


def test_the_guides_example_reads_it(tmp_path, monkeypatch, capsys):
    face = make_public(emotion="sad")
    write(tmp_path / "out")
    guide = (Path(__file__).parents[3] / "docs" / "releasing.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    monkeypatch.chdir(tmp_path / "out")
    exec(example, {})  # noqa: S102 (our own document)
    assert str(face.pk) in capsys.readouterr().out


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def test_the_datasheet_says_what_croissant_says(tmp_path):
    make_public()
    write(tmp_path / "out")
    said = json.loads((tmp_path / "out" / "croissant.json").read_text())
    for name, words in croissant.FACTS.items():
        assert said[f"rai:{name}"] == words
        for sentence in [words] if isinstance(words, str) else words:
            if name != "dataCollectionType":
                assert sentence in sheet(tmp_path / "out")


def test_a_licence_is_stated_or_that_there_is_none(tmp_path, settings):
    write(tmp_path / "none")
    assert "No licence is stated" in sheet(tmp_path / "none")
    settings.DATASET_LICENSE = "CC-BY-4.0"
    write(tmp_path / "one")
    address = "https://spdx.org/licenses/CC-BY-4.0.html"
    assert address in sheet(tmp_path / "one")
    assert DatasetRelease.objects.first().croissant["license"] == address


def write(folder, **options):
    return dataset_release.write(folder, **{"name": folder.name, **options})


def sheet(folder):
    return (folder / "DATASHEET.md").read_text()


def ids_in(folder):
    table = folder / "faces" / "metadata.csv"
    if not table.exists():
        return {row["id"] for row in rows_of(folder)}
    with table.open(newline="") as file:
        return {row["id"] for row in csv.DictReader(file)}


def test_one_that_breaks_off_is_not_listed_and_its_name_is_free(tmp_path, monkeypatch):
    face = make_public()

    def full(*_args, **_options):
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(dataset_release.release_papers, "write", full)
        with pytest.raises(OSError, match="space"):
            write(tmp_path / "one")
    assert not dataset_release.made().exists()
    face.refresh_from_db()
    assert face.released_at  # its files may have got out
    write(tmp_path / "again", name="one")
    with pytest.raises(FileExistsError):
        write(tmp_path / "third", name="one")
    assert dataset_release.made().get().name == "one"


def test_the_command_writes_it_once_into_an_empty_folder(tmp_path, capsys):
    make_public(emotion="sad")
    call_command("release_dataset", tmp_path / "out")
    assert "faces: 1" in capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command("release_dataset", tmp_path / "out")


def test_the_list_alone_can_be_brought_up_to_date(tmp_path, capsys):
    face = make_public()
    call_command("release_dataset", tmp_path / "out")
    withdrawals.withdraw(face)
    call_command("release_dataset", tmp_path / "out", "--withdrawn-only")
    assert str(face.pk) in (tmp_path / "out" / "withdrawn.json").read_text()
    assert Withdrawal.objects.get().was_released


def test_without_any_face_it_is_empty_and_says_so(tmp_path):
    release = dataset_release.write(tmp_path / "out", name="none")
    assert release.rows == 0
    assert "0 faces" in (tmp_path / "out" / "DATASHEET.md").read_text()
