"""What a run trains on: who is in, for how much, and that it can be repeated."""

import hashlib
import json
from datetime import timedelta

import numpy as np
import pyarrow.parquet
import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from labeling.contributions import withdrawals
from labeling.datasets import snapshots, weights
from labeling.errors import Refused
from labeling.models import Contribution, Snapshot, SnapshotRow
from labeling.registry import lineage
from labeling.training import training_runs
from ml.emotions import EMOTIONS
from tests.support import tiny_model
from tests.support.factories import (
    make_accepted_crowd,
    make_contribution,
    make_run,
    make_tiny_jpeg,
    make_user,
    make_version,
    make_votes,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def with_fer2013(settings, tmp_path):
    settings.FER2013 = tmp_path / "fer2013.csv"
    settings.FERPLUS = None
    settings.FER2013.write_text("stands in")


def freeze(folder, **options):
    run = make_run(options=options)
    return snapshots.freeze(run, run.attempt, folder)


def accepted(emotion="happy", **fields):
    fields.setdefault("jpeg", make_tiny_jpeg(emotion, 1))
    return make_contribution(emotion=emotion, status="accepted", **fields)


def rows_of(snapshot):
    return {row.contribution_id: row for row in snapshot.rows.all()}


def test_only_accepted_faces_are_in_it(tmp_path):
    face = accepted()
    make_contribution()
    make_contribution(status="rejected")
    snapshot = freeze(tmp_path / "s")
    assert list(rows_of(snapshot)) == [face.pk]
    assert snapshot.manifest["rows"] == 1


def test_the_pixels_are_those_that_the_network_would_see(tmp_path):
    face = accepted("fear", jpeg=make_tiny_jpeg("fear", 5))
    freeze(tmp_path / "s")
    manifest = json.loads((tmp_path / "s" / "manifest.json").read_text())
    table = pyarrow.parquet.read_table(tmp_path / "s" / manifest["shards"][0])
    row = table.to_pylist()[0]
    assert row["id"] == str(face.pk)
    assert row["label"][EMOTIONS.index("fear")] == 1
    pixels = np.frombuffer(row["pixels"], np.uint8).reshape(48, 48)
    drawn = tiny_model.face("fear", seed=5)
    assert np.abs(pixels.astype(int) - drawn).mean() < 5
    assert ((tmp_path / "s").stat().st_mode & 0o777) == 0o700


def test_the_same_faces_give_the_same_hash_and_others_another(tmp_path):
    accepted("happy")
    accepted("sad")
    first = freeze(tmp_path / "a")
    end(first)
    second = freeze(tmp_path / "b")
    assert first.hash == second.hash
    end(second)
    accepted("angry")
    assert freeze(tmp_path / "c").hash != first.hash


def test_the_hash_knows_fer2013_and_its_cleaning(tmp_path, settings):
    accepted()
    first = freeze(tmp_path / "a")
    assert first.manifest["fer2013"]["cleaning"]["drop_leaked"] is True
    end(first)
    settings.FER2013.write_text("another file")
    assert freeze(tmp_path / "b").hash != first.hash


def test_a_withdrawn_face_leaves_its_number_in_a_manifest_that_still_verifies(tmp_path):
    face, kept = accepted(giver=make_user()), accepted("sad")
    make_votes(face, "surprise", [make_user("ann"), make_user("bob")])
    snapshot = freeze(tmp_path / "s")
    assert snapshots.verify(snapshot)
    digest = rows_of(snapshot)[face.pk].digest

    withdrawals.withdraw(face)
    row = rows_of(snapshot)[face.pk]
    assert (row.label, row.weight, row.source) == (None, None, "")
    assert row.digest == digest, "its key is gone: nobody can tell it from random bytes"
    assert bytes(digest) != face.digest
    assert rows_of(snapshot)[kept.pk].label
    assert snapshots.verify(snapshot)


@pytest.mark.parametrize(
    "change",
    [
        {"weight": 9},
        {"label": [0, 0, 1, 0, 0, 0, 0]},
        {"split": "exam"},
        {"source": "api"},
        {"digest": b"d" * 32},
    ],
)
def test_a_manifest_notices_a_change(tmp_path, change):
    accepted()
    snapshot = freeze(tmp_path / "s")
    SnapshotRow.objects.update(**change)
    assert not snapshots.verify(snapshot)


def test_the_hash_is_over_the_header_and_the_rows_as_it_always_was(tmp_path, settings):
    accepted(), accepted("sad")
    freeze(tmp_path / "s")
    snapshot = Snapshot.objects.get()  # as Postgres gives it back
    rows = rows_of(snapshot)
    fer2013 = {
        "sha256": hashlib.sha256(settings.FER2013.read_bytes()).hexdigest(),
        "ferplus": None,
        "cleaning": {
            "drop_leaked": True,
            "drop_duplicates": True,
            "drop_blank": True,
            "drop_non_faces": True,
            "drop_contradicted": False,
            "drop_conflicts": False,
            "drop_undetected": False,
        },
    }
    header = {"format": 2, "emotions": list(map(str, EMOTIONS)), "fer2013": fer2013}
    lines = [f"{pk} {bytes(rows[pk].digest).hex()}\n" for pk in sorted(rows)]
    hashed = json.dumps(header, sort_keys=True) + "".join(lines)
    assert snapshot.hash == hashlib.sha256(hashed.encode()).hexdigest()
    assert {key: snapshot.manifest[key] for key in header} == header


def test_a_manifest_notices_a_row_that_is_gone_and_another_picture(tmp_path):
    face, _other = accepted(), accepted("sad")
    snapshot = freeze(tmp_path / "s")
    Contribution.objects.filter(pk=face.pk).update(digest=b"d" * 32)
    assert not snapshots.verify(snapshot)
    withdrawals.withdraw(face)
    assert snapshots.verify(snapshot)
    SnapshotRow.objects.filter(contribution_id=face.pk).delete()
    assert not snapshots.verify(snapshot)


def test_a_row_is_whole_or_erased(tmp_path):
    accepted()
    freeze(tmp_path / "s")
    for half in ({"label": None}, {"weight": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            SnapshotRow.objects.update(**half)


def test_an_attempt_taken_over_trains_on_the_same_snapshot(tmp_path):
    gone, _kept = accepted("happy"), accepted("sad")
    run = make_run()
    first = snapshots.freeze(run, 1, tmp_path / "a")
    accepted("angry")
    gone.delete()
    again = snapshots.freeze(run, 1, tmp_path / "b")
    assert again == first
    manifest = json.loads((tmp_path / "b" / "manifest.json").read_text())
    assert manifest["hash"] == first.hash
    assert manifest["rows"] == 1  # without the one that was withdrawn


def test_a_fenced_attempt_leaves_no_snapshot(tmp_path):
    accepted()
    run = make_run()
    with pytest.raises(training_runs.Lost):
        snapshots.freeze(run, 7, tmp_path / "s")
    assert not SnapshotRow.objects.exists()


def test_the_label_is_spread_over_what_people_said(tmp_path):
    face = accepted("happy", decided_emotion="happy")
    make_votes(face, "surprise", [make_user("ann"), make_user("bob")])
    row = freeze(tmp_path / "s").rows.get()
    said = dict(zip(EMOTIONS, row.label, strict=True))
    assert said["happy"] > said["surprise"] > 0
    assert sum(row.label) == pytest.approx(1, abs=1e-5)


def test_one_giver_cannot_outweigh_the_others(tmp_path, settings):
    settings.CAP_FACES = 3
    flooder = make_user("flooder")
    for number in range(30):
        accepted("sad", giver=flooder, jpeg=make_tiny_jpeg("sad", number))
    for number in range(10):
        accepted("happy", giver=make_user(f"one{number}"))
    snapshot = freeze(tmp_path / "s")
    faces = Contribution.objects.filter(giver=flooder).values_list("pk", flat=True)
    rows = rows_of(snapshot)
    assert sum(rows[face].weight for face in faces) == pytest.approx(3, abs=1e-4)
    assert sum(row.weight for row in rows.values()) == pytest.approx(13, abs=1e-4)


def test_all_without_an_account_count_as_one_giver(tmp_path, settings):
    settings.CAP_FACES = 2
    for _ in range(8):
        accepted()
    snapshot = freeze(tmp_path / "s")
    weight = sum(row.weight for row in snapshot.rows.all())
    assert weight == pytest.approx(2, abs=1e-4)


def test_an_import_is_not_capped(tmp_path, settings):
    settings.CAP_FACES = 2
    for _ in range(8):
        accepted(source="import")
    assert sum(row.weight for row in freeze(tmp_path / "s").rows.all()) == 8


def test_a_poor_record_weighs_less(tmp_path):
    careless, careful = make_user("careless"), make_user("careful")
    face = accepted("happy", giver=careless)
    for _ in range(8):
        make_contribution(giver=careless, status="rejected")
    other = accepted("happy", giver=careful)
    rows = rows_of(freeze(tmp_path / "s"))
    assert rows[face.pk].weight < rows[other.pk].weight == 1


def test_a_poor_record_costs_nothing_where_a_reviewer_said_what_it_shows(tmp_path):
    careless = make_user("careless")
    for _ in range(8):
        make_contribution(giver=careless, status="rejected")
    corrected = accepted("happy", giver=careless, decided_emotion="sad")
    backed = accepted("happy", giver=careless)
    make_votes(backed, "happy", [make_user("anna"), make_user("ben")])
    rows = rows_of(freeze(tmp_path / "s"))
    assert rows[corrected.pk].weight == 1
    assert rows[backed.pk].weight < 1


def test_the_wished_weight_scales_the_training_rows(tmp_path):
    accepted(giver=make_user())
    assert freeze(tmp_path / "s", weight=2.5).rows.get().weight == 2.5


def test_of_near_duplicates_one_is_in_it(tmp_path):
    cluster = make_contribution().pk
    first = accepted(cluster=cluster)
    accepted(cluster=cluster)
    assert list(rows_of(freeze(tmp_path / "s"))) == [first.pk]


def test_of_one_picture_under_two_labels_the_one_decided_last_trains(tmp_path):
    cluster, early = make_contribution().pk, timezone.now() - timedelta(days=1)
    accepted("happy", cluster=cluster, decided_at=early)
    settled = accepted("sad", cluster=cluster, decided_at=timezone.now())
    accepted("happy", cluster=cluster, decided_at=early)
    assert list(rows_of(freeze(tmp_path / "s"))) == [settled.pk]


def test_the_manifest_tells_why_it_learns_from_fewer_than_are_accepted(tmp_path):
    cluster = make_contribution().pk
    for _ in range(3):
        accepted(cluster=cluster)
    accepted()
    accepted(split="exam", giver=make_user("eva"))
    accepted(split="neither")
    manifest = freeze(tmp_path / "s").manifest
    counts = ("accepted", "rows", "copies", "for_exam")
    assert [manifest[name] for name in counts] == [6, 2, 2, 1]


def test_near_duplicates_on_both_sides_are_on_neither(tmp_path, settings):
    settings.HOLD_OUT_FACES = settings.HOLD_OUT_GIVERS = 1
    cluster = make_contribution().pk
    accepted(cluster=cluster)
    examiner = accepted(cluster=cluster, split="exam", giver=make_user())
    make_votes(examiner, "happy", [make_user("ann"), make_user("bob")])
    assert not rows_of(freeze(tmp_path / "s"))


def test_the_exam_takes_only_faces_that_voters_agreed_on_unseen(tmp_path, settings):
    settings.HOLD_OUT_FACES = settings.HOLD_OUT_GIVERS = 1
    ann, bob, *others = (make_user(name) for name in ("ann", "bob", "cy", "di", "eve"))
    agreed, disputed, unseen = (
        accepted(split="exam", giver=make_user(f"giver{n}")) for n in range(3)
    )
    make_votes(agreed, "happy", [ann, bob, *others])
    make_votes(disputed, "happy", [ann, bob])
    make_votes(disputed, "sad", others)
    rows = rows_of(freeze(tmp_path / "s"))
    assert list(rows) == [agreed.pk]
    assert rows[agreed.pk].split == "exam"
    assert unseen.pk not in rows


def test_a_small_hold_out_does_not_join_the_exam_of_fer2013(tmp_path):
    make_accepted_crowd(train=7, exam=7)
    snapshot = freeze(tmp_path / "s")
    assert snapshot.manifest["exam_rows"] == 0
    assert snapshot.manifest["rows"] == 7


def test_faces_on_neither_side_are_left_out(tmp_path):
    accepted(split="neither")
    assert not rows_of(freeze(tmp_path / "s"))


def test_without_fer2013_too_few_faces_are_refused(tmp_path, settings):
    settings.FER2013 = None
    make_accepted_crowd(train=10, exam=2)
    with pytest.raises(Refused) as refusal:
        freeze(tmp_path / "s")
    assert refusal.value.code == "too_little_data"
    assert "10 accepted faces" in str(refusal.value.message)


def test_a_crop_that_cannot_be_read_is_left_out_and_stops_nothing(tmp_path):
    accepted(jpeg=b"no picture")
    accepted()
    freeze(tmp_path / "s")
    manifest = json.loads((tmp_path / "s" / "manifest.json").read_text())
    assert manifest["rows"] == 1


def test_lineage_goes_both_ways_and_down_the_generations(tmp_path):
    face = accepted()
    snapshot = freeze(tmp_path / "s")
    end(snapshot)
    parent = make_version("parent", run=snapshot.run)
    child = make_version("child", parent=parent)
    stranger = make_version("stranger")
    assert set(lineage.versions_that_saw([face.pk])) == {parent, child}
    assert [row.contribution_id for row in lineage.faces_seen_by(child)] == [face.pk]
    assert lineage.nearest_uncontaminated(child) == child

    assert lineage.contaminate([face.pk]) == [parent, child]

    base = make_version("base", origin="shipped")
    child.refresh_from_db()
    assert child.contaminated_at
    assert lineage.nearest_uncontaminated(child) == base
    stranger.refresh_from_db()
    assert stranger.contaminated_at is None


def test_the_cap_cannot_be_raised_by_flooding():
    alone = weights.cap([(10_000, 1), (1, 100)], least=20, share=0.05)
    assert alone == 20
    crowd = weights.cap([(50, 40)], least=20, share=0.05)
    assert crowd == 100


def end(snapshot):
    run = snapshot.run
    run.status = "done"
    run.save(update_fields=["status"])
