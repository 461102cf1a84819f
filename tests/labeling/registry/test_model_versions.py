"""Versions, promotions, and the champion at work in a process."""

import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection, connections
from django.utils import timezone

from labeling.errors import Refused
from labeling.models import ModelFile, ModelVersion, Promotion
from labeling.registry import model_files, serving
from labeling.registry import model_versions as model_versions
from ml.errors import BadArtefact
from tests.support import tiny_model
from tests.support.concurrency import meanwhile
from tests.support.factories import make_run, make_user, make_version

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def fresh_process(settings, tmp_path):
    settings.MIEN_DATA = tmp_path / "data"
    serving.forget()
    yield
    serving.forget()


@pytest.fixture
def ship(tmp_path):
    def ship(name="base", **knowledge):
        folder = tmp_path / name
        tiny_model.make_artefact(folder, name=name, **knowledge)
        return model_versions.register_shipped(folder)

    return ship


@pytest.fixture
def trainer():
    return make_user("trainer")


def promote(version, **fields):
    model_versions.promote(version, kind=Promotion.Kind.OVERRIDE, **fields)
    look_again()


def look_again():
    serving._loader.checked_at = -serving.CHECK_EVERY


def test_the_first_shipped_model_is_champion_and_registering_again_changes_nothing(
    ship, tmp_path
):
    version = ship()
    assert model_versions.current() == version
    assert model_versions.register_shipped(tmp_path / "base") == version
    assert Promotion.objects.count() == 1
    assert version.files.count() == 3


def test_a_later_shipped_model_does_not_take_the_place_of_the_champion(ship):
    base, newer = ship("base"), ship("base-2", knows=3)
    assert model_versions.current() == base
    assert newer.promotions.count() == 0


def test_a_damaged_model_is_not_registered(ship, tmp_path):
    tiny_model.make_artefact(tmp_path / "broken")
    (tmp_path / "broken" / "model.onnx").write_bytes(b"no network")
    with pytest.raises(BadArtefact):
        model_versions.register_shipped(tmp_path / "broken")
    assert not ModelVersion.objects.exists()


def test_promoting_records_who_why_and_instead_of_whom(ship, trainer):
    base, other = ship("base"), ship("other", knows=3)
    model_versions.override(other, by=trainer, reason=" a trial ")
    record = other.promotions.get()
    assert (record.former, record.by, record.reason) == (base, trainer, "a trial")
    assert record.kind == "override"
    assert list(ModelVersion.objects.filter(is_champion=True)) == [other]


def test_rolling_back_promotes_one_that_served_before(ship, trainer):
    base, other = ship("base"), ship("other", knows=3)
    with pytest.raises(Refused) as refusal:
        model_versions.roll_back(other, by=trainer, reason="why not")
    assert refusal.value.code == "never_served"
    model_versions.override(other, by=trainer, reason="a trial")
    model_versions.roll_back(base, by=trainer, reason="it was better")
    assert model_versions.current() == base
    assert base.promotions.first().kind == "roll_back"


def test_an_override_needs_a_reason(ship, trainer):
    ship("base")
    other = ship("other", knows=3)
    with pytest.raises(Refused) as refusal:
        model_versions.override(other, by=trainer, reason="  ")
    assert refusal.value.code == "reason_missing"


def test_a_version_that_saw_a_withdrawn_face_is_not_promoted_by_hand(ship, trainer):
    ship("base")
    other = ship("other", knows=3)
    ModelVersion.objects.filter(pk=other.pk).update(contaminated_at=timezone.now())
    with pytest.raises(Refused) as refusal:
        model_versions.override(other, by=trainer, reason="a trial")
    assert refusal.value.code == "contaminated"


def test_of_two_trainers_who_looked_at_the_same_champion_the_first_decides(
    ship, trainer
):
    base, one, two = ship("base"), ship("one", knows=3), ship("two", knows=4)
    codes = []

    def override(version):
        try:
            model_versions.override(
                version, by=trainer, reason="a trial", instead_of=base
            )
            codes.append("done")
        except Refused as refusal:
            codes.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=override, args=(v,)) for v in (one, two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == ["champion_changed", "done"]
    assert Promotion.objects.count() == 2


def test_the_champion_serves_from_a_cache_named_by_content(ship, settings):
    ship("base")
    assert serving.predictor().name == "base"
    [folder] = (Path(settings.MIEN_DATA) / "models").iterdir()
    assert {path.name for path in folder.iterdir()} == {"model.onnx", "card.json"}


def test_without_a_champion_nothing_serves():
    assert serving.predictor() is None


def test_a_new_champion_serves_soon_without_this_process_being_told(ship):
    ship("base")
    other = ship("other", knows=3)
    assert serving.predictor().name == "base"
    model_versions.promote(other, kind=Promotion.Kind.OVERRIDE)
    promoted_at = time.monotonic()
    while serving.predictor().name != "other":
        assert time.monotonic() - promoted_at < 60
        time.sleep(0.02)


def test_the_row_is_looked_at_once_a_second_at_most(ship, django_assert_num_queries):
    ship("base")
    serving.predictor()
    with django_assert_num_queries(0):
        for _ in range(100):
            serving.predictor()


def test_the_first_asker_of_a_process_loads_for_all_the_others(ship):
    ship("base")
    answers = []

    def ask():
        answers.append(serving.predictor())
        connection.close()

    askers = [threading.Thread(target=ask) for _ in range(4)]
    with files_locked():
        for asker in askers:
            asker.start()
        askers[0].join(0.5)
        assert answers == []
    for asker in askers:
        asker.join()
    assert answers[0].name == "base"
    assert all(answer is answers[0] for answer in answers)


def test_while_the_next_champion_loads_the_former_serves_and_nobody_looks(
    ship, django_assert_num_queries
):
    ship("base")
    other = ship("other", knows=3)
    former = serving.predictor()
    model_versions.promote(other, kind=Promotion.Kind.OVERRIDE)
    with files_locked():
        serving._loader.checked_at = time.monotonic() - serving.CHECK_EVERY
        assert serving.predictor() is former
        look_again()
        with django_assert_num_queries(0):
            assert serving.predictor() is former
        loading = serving._loader._loading
        assert loading.is_alive()
    loading.join()
    assert serving.predictor().name == "other"


def test_a_cache_that_went_bad_is_filled_anew(ship, settings):
    ship("base")
    serving.predictor()
    [model] = (Path(settings.MIEN_DATA) / "models").glob("*/model.onnx")
    model.write_bytes(b"a disk gone bad")
    serving.forget()
    assert serving.predictor().name == "base"
    assert serving.problems() == []


def test_a_damaged_champion_is_refused_the_former_stays_and_people_are_told(ship):
    ship("base")
    other = ship("other", knows=3)
    assert serving.predictor().name == "base"
    damage(other)
    promote(other)
    assert serving.predictor().name == "base"
    [problem] = serving.problems()
    assert problem.code == "champion_refused"
    assert "other" in str(problem.message)
    assert "damaged" in str(problem.message)


def test_a_champion_whose_files_are_sound_but_wrong_is_refused(ship):
    """Right sha256, but the network does not see the golden faces as its card says."""
    ship("base")
    other, wrong = ship("other", knows=3), ship("wrong", knows=5)
    content = wrong.files.get(name="model.onnx")
    other.files.filter(name="model.onnx").update(
        content=bytes(content.content), sha256=content.sha256
    )
    serving.predictor()
    promote(other)
    assert serving.predictor().name == "base"
    assert serving.problems()


def test_a_fresh_process_with_a_damaged_champion_serves_the_former(ship):
    ship("base")
    other = ship("other", knows=3)
    model_versions.promote(other, kind=Promotion.Kind.OVERRIDE)
    damage(other)
    assert serving.predictor().name == "base"
    assert serving.problems()


def test_the_problem_is_gone_once_a_sound_version_is_promoted(ship):
    base = ship("base")
    other = ship("other", knows=3)
    serving.predictor()
    damage(other)
    promote(other)
    assert serving.problems()
    promote(base)
    assert serving.predictor().name == "base"
    assert serving.problems() == []


def test_no_request_fails_or_is_mixed_through_ten_promotions(ship):
    versions = [ship(f"v{number}", knows=number + 1) for number in range(5)]
    faces = tiny_model.face("sad")[None, ..., None].astype("float32")
    expected = {
        version.name: model_versions.Predictor.load(model_files.fetch(version))
        .predict(faces)
        .probabilities.tolist()
        for version in versions
    }
    wrong, seen = [], set()

    def look(_number):
        try:
            serves = serving.predictor()
            said = serves.predictor.predict(faces).probabilities.tolist()
            seen.add(serves.name)
            if said != expected[serves.name]:
                wrong.append(serves.name)
        except Exception as problem:
            wrong.append(problem)

    with meanwhile(look, 4):
        for number in range(10):
            promoted = versions[(number + 1) % 5]
            promote(promoted)
            end = time.monotonic() + 60
            while serving.predictor().name != promoted.name:
                assert time.monotonic() < end
                time.sleep(0.02)
    assert wrong == []
    assert len(seen) == 5


def test_a_trained_version_keeps_its_run_parent_and_files(ship, tmp_path):
    base = ship("base")
    run = make_run()
    tiny_model.make_artefact(tmp_path / "out", name="challenger", knows=3)
    version = model_versions.add(run, tmp_path / "out", parent=base)
    assert (version.name, version.parent, version.run) == (f"mien-{run.pk}", base, run)
    assert model_versions.add(run, tmp_path / "out", parent=base) == version
    assert model_versions.current() == base


def test_what_descends_from_a_contaminated_version_is_contaminated(ship, tmp_path):
    parent = make_version(contaminated_at=timezone.now())
    tiny_model.make_artefact(tmp_path / "out", knows=3)
    version = model_versions.add(make_run(), tmp_path / "out", parent=parent)
    version.refresh_from_db()
    assert version.contaminated_at


@contextmanager
def files_locked():
    """Whoever wants to load a version waits until this ends; we give up after 20 s."""
    line = connections.create_connection("default")
    line.settings_dict = dict(connection.settings_dict)
    line.set_autocommit(False)
    try:
        with line.cursor() as theirs, connection.cursor() as ours:
            theirs.execute("LOCK TABLE labeling_modelfile IN ACCESS EXCLUSIVE MODE")
            ours.execute("SET lock_timeout = '20s'")
        yield
    finally:
        line.rollback()
        line.close()
        with connection.cursor() as ours:
            ours.execute("RESET lock_timeout")


def damage(version):
    ModelFile.objects.filter(version=version, name="model.onnx").update(content=b"?")
