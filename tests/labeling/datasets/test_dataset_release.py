import hashlib
import json
import subprocess

import pyarrow.parquet
import pytest
from django.core.management import CommandError, call_command

from labeling.contributions import consent, withdrawals
from labeling.datasets import dataset_release
from labeling.models import AuditEntry, Contribution, Vote, Withdrawal
from tests.support.factories import make_contribution, make_user

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
    monkeypatch.setattr(dataset_release, "SHARD", 4)
    faces = {str(make_public().pk) for _ in range(9)}
    release = dataset_release.write(tmp_path / "out", name="one")
    assert len(release.shards) == 3
    assert {row["id"] for row in rows_of(tmp_path / "out")} == faces


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
