import pytest
from django.db import connection

from labeling import withdrawal_replay
from labeling.contributions import consent, offers, withdrawal_log, withdrawals
from labeling.errors import Refused
from labeling.models import (
    Contribution,
    Crop,
    Exam,
    ModelVersion,
    Review,
    Vote,
    Withdrawal,
)
from labeling.registry import lineage
from labeling.training import exams
from tests.support.concurrency import crash_before, together
from tests.support.factories import (
    make_contribution,
    make_face_jpeg,
    make_run_on,
    make_user,
    make_version,
)

pytestmark = pytest.mark.django_db


def contaminated() -> set[str]:
    rows = ModelVersion.objects.exclude(contaminated_at=None)
    return set(rows.values_list("name", flat=True))


def test_the_picture_and_all_that_hangs_on_it_go_at_once():
    alice, rita = make_user(), make_user("rita")
    face = make_contribution(giver=alice, may_be_seen=True)
    other = make_contribution(giver=alice)
    Review.objects.create(
        contribution=face, by=rita, act="accept", from_status="a", to_status="b"
    )
    Vote.objects.create(contribution=face, voter=rita, choice="sad")
    receipt = withdrawals.withdraw(face)
    assert (receipt.count, receipt.faces) == (1, [face.pk])
    assert list(Contribution.objects.all()) == [other]
    assert list(Crop.objects.values_list("pk", flat=True)) == [other.pk]
    assert not Review.objects.exists()
    assert not Vote.objects.exists()


def test_nothing_of_a_withdrawn_face_is_left_in_any_table():
    alice = make_user()
    face = make_contribution(giver=alice, status="accepted", signature=b"s" * 64)
    jpeg, digest = make_face_jpeg(1), bytes(face.digest)
    jpeg = bytes(face.crop.jpeg)
    needles = [jpeg, bytes(face.digest_key), b"s" * 64]
    run = make_run_on(face)
    withdrawals.withdraw(face)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = 'public' AND data_type = 'bytea'"
        )
        for table, column in cursor.fetchall():
            cursor.execute(f'SELECT "{column}" FROM "{table}"')  # noqa: S608
            found = {bytes(value) for (value,) in cursor.fetchall() if value}
            assert not found & {*needles, digest}
    stone = run.snapshot.rows.values("label", "weight", "source").get()
    assert stone == {"label": None, "weight": None, "source": ""}


def make_exam(face: Contribution) -> Exam:
    """One whose report names this face, and one of FER-2013's."""
    run = make_run_on(face, split="exam")
    said = {"label": "sad", "champion": "sad", "challenger": "fear"}
    refs = [f"contribution:{face.pk}", "fer2013:7"]
    changed = {"fixed": [], "broken": [{"ref": ref, **said} for ref in refs]}
    return Exam.objects.create(
        run=run,
        challenger=make_version(run=run),
        outcome="kept",
        report={"sentence": "Hm.", "changed": changed},
    )


def test_reports_of_exams_forget_the_face_and_what_was_said_of_it():
    face = make_contribution(giver=make_user(), split="exam")
    exam, other = make_exam(face), make_exam(make_contribution())
    before = other.report
    withdrawals.withdraw(face)
    exam.refresh_from_db()
    fixed, broken = exam.report["changed"]["fixed"], exam.report["changed"]["broken"]
    assert (fixed, broken[0]) == ([], {"ref": "withdrawn"})
    assert broken[1]["challenger"] == "fear"
    assert exam.report["sentence"] == "Hm."
    other.refresh_from_db()
    assert other.report == before


def test_a_report_written_during_a_withdrawal_forgets_it_too():
    face = make_contribution(giver=make_user(), split="exam")
    run = make_run_on(face, split="exam", status="examining")
    withdrawals.withdraw(face)
    ref = {"ref": f"contribution:{face.pk}", "label": "sad"}
    exam = exams.record(
        run.pk,
        run.attempt,
        champion=None,
        challenger=make_version(run=run),
        report={
            "exam": {"hash": "h"},
            "policy": "improves",
            "outcome": "kept",
            "sentence": "Hm.",
            "changed": {"fixed": [ref], "broken": []},
        },
    )
    exam.refresh_from_db()
    assert exam.report["changed"]["fixed"] == [{"ref": "withdrawn"}]


def test_a_tombstone_stays_with_the_number_and_the_time_alone():
    face = make_contribution()
    receipt = withdrawals.withdraw(face)
    stone = Withdrawal.objects.get()
    assert (stone.pk, stone.withdrawn_at) == (face.pk, receipt.at)
    names = {field.name for field in Withdrawal._meta.get_fields()}
    assert names == {"contribution_id", "withdrawn_at", "was_released"}


def test_withdrawing_twice_is_harmless():
    face = make_contribution()
    assert withdrawals.withdraw(face).count == 1
    assert withdrawals.withdraw(face).count == 0
    assert Withdrawal.objects.count() == 1


def test_the_private_link_withdraws_and_then_is_dead():
    given = offers.offer(
        make_face_jpeg(), "sad", by=None, consent=consent.given(), claim=None
    )
    assert withdrawals.withdraw_by_secret(given.secret).count == 1
    for secret in (given.secret, "", "guess"):
        with pytest.raises(Refused) as refused:
            withdrawals.withdraw_by_secret(secret)
        assert refused.value.code == "unknown_link"


def test_several_are_withdrawn_but_never_those_of_others():
    alice, bob = make_user(), make_user("bob")
    own = [make_contribution(giver=alice) for _ in range(3)]
    his = make_contribution(giver=bob)
    asked = [own[0].pk, own[1].pk, his.pk]
    receipt = withdrawals.withdraw_some(asked, by=alice)
    assert set(receipt.faces) == {own[0].pk, own[1].pk}
    assert set(Contribution.objects.all()) == {own[2], his}
    assert withdrawals.withdraw_all(by=alice).faces == [own[2].pk]
    assert Contribution.objects.get() == his


def test_versions_that_saw_the_face_and_their_heirs_are_contaminated():
    face, other = make_contribution(), make_contribution()
    saw = make_version("saw", run=make_run_on(face, other))
    child = make_version("child", run=make_run_on(other), parent=saw)
    make_version("grandchild", parent=child)
    make_version("base", origin="shipped")
    make_version("stranger", run=make_run_on(other))
    receipt = withdrawals.withdraw(face)
    assert {version.name for version in receipt.contaminated} == {
        "saw",
        "child",
        "grandchild",
    }
    assert contaminated() == {"saw", "child", "grandchild"}
    assert receipt.running is None


def test_a_version_that_was_only_examined_with_it_is_not_contaminated():
    face = make_contribution(giver=make_user(), split="exam")
    make_version("examined", run=make_run_on(face, split="exam"))
    assert withdrawals.withdraw(face).contaminated == []
    assert contaminated() == set()


def test_the_receipt_names_the_training_that_runs_with_it():
    face = make_contribution()
    run = make_run_on(face, status="training")
    receipt = withdrawals.withdraw(face)
    assert receipt.running == run
    assert lineage.saw_withdrawn(run.pk)  # so its version will be born contaminated


def test_the_time_of_the_first_taint_stays():
    faces = [make_contribution(), make_contribution()]
    version = make_version(run=make_run_on(*faces))
    withdrawals.withdraw(faces[0])
    version.refresh_from_db()
    since = version.contaminated_at
    withdrawals.withdraw(faces[1])
    version.refresh_from_db()
    assert version.contaminated_at == since


def test_who_took_a_release_is_to_learn_of_it():
    from django.utils import timezone

    face = make_contribution(released_at=timezone.now())
    receipt = withdrawals.withdraw(face)
    assert receipt.released == 1
    assert Withdrawal.objects.get().was_released


@pytest.mark.django_db(transaction=True)
def test_a_crash_between_any_two_statements_leaves_no_half_withdrawal():
    face = make_contribution()
    make_version(run=make_run_on(face))
    statement, is_dead = 0, True
    while is_dead:
        statement += 1
        is_dead = crash_before(statement, lambda: withdrawals.withdraw(face))
        kept = [t.objects.exists() for t in (Contribution, Crop)]
        gone = [Withdrawal.objects.exists(), bool(contaminated())]
        assert kept == [is_dead, is_dead]
        assert gone == [not is_dead, not is_dead]
    assert statement > 6


@pytest.mark.django_db(transaction=True)
def test_six_who_withdraw_the_same_at_once_leave_one_tombstone_each():
    alice = make_user()
    ids = {make_contribution(giver=alice).pk for _ in range(9)}
    receipts = together(6, lambda _: withdrawals.withdraw_all(by=alice))
    assert sum(receipt.count for receipt in receipts) == 9
    assert set(Withdrawal.objects.values_list("pk", flat=True)) == ids


@pytest.mark.django_db(transaction=True)
def test_withdrawing_and_deciding_at_once_ends_one_way_or_the_other():
    from labeling.review import decisions

    rita = make_user("rita")
    for _ in range(5):
        face = make_contribution()
        acts = [withdrawals.withdraw, lambda f: decisions.accept(f, by=rita)]
        outcomes = together(2, lambda i, f=face, acts=acts: acts[i](f))
        assert outcomes[0].count == 1
        assert isinstance(outcomes[1], Review | Refused)
    assert not Contribution.objects.exists()
    assert not Review.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_was_withdrawn_since_a_backup_is_withdrawn_again_after_a_restore(tmp_path):
    face, kept = make_contribution(), make_contribution()
    jpeg = bytes(face.crop.jpeg)
    version = make_version(run=make_run_on(face))
    before = Contribution.objects.filter(pk=face.pk).values().get()
    withdrawals.withdraw(face)
    log = tmp_path / "saved.log"
    withdrawal_log.write(log)
    # The backup comes back: the face, no tombstone, an uncontaminated version.
    Withdrawal.objects.all().delete()
    ModelVersion.objects.update(contaminated_at=None)
    Crop.objects.create(
        contribution=Contribution.objects.create(**before), jpeg=jpeg, edge=128
    )
    assert withdrawal_replay.replay(log) == (1, 0)
    assert list(Contribution.objects.all()) == [kept]
    assert Withdrawal.objects.get().pk == face.pk
    version.refresh_from_db()
    assert version.contaminated_at
    assert withdrawal_replay.replay(log) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_the_log_is_read_past_a_line_that_a_crash_cut_short():
    one, two = make_contribution(), make_contribution()
    withdrawals.withdraw(one)
    with withdrawal_log.path().open("a") as log:
        log.write('{"face": "1234\n')
    withdrawals.withdraw(two)
    lines = list(withdrawal_log.read(withdrawal_log.path()))
    assert [line.id for line in lines] == [one.pk, two.pk]
    assert {line.kind for line in lines} == {"face"}


@pytest.mark.django_db(transaction=True)
def test_a_log_that_cannot_be_written_does_not_stop_a_withdrawal(settings):
    settings.MIEN_DATA = "/proc/nowhere"
    assert withdrawals.withdraw(make_contribution()).count == 1
    assert not Contribution.objects.exists()
