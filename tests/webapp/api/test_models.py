import hashlib

import pytest

from labeling.models import Exam, ModelVersion
from tests.support.api_clients import Program
from tests.support.exam_reports import make_report
from tests.support.factories import make_run, make_user, make_version

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("champion")]


@pytest.fixture
def trainer() -> Program:
    return Program(make_user("tom", "trainer"))


def test_everybody_sees_all_models_the_latest_first(champion: ModelVersion) -> None:
    make_version("mien-2", parent=champion)
    found = Program().get("models").json()["results"]
    assert [(one["name"], one["is_champion"]) for one in found] == [
        ("mien-2", False),
        (champion.name, True),
    ]
    assert found[0]["parent"] == champion.name


def test_a_model_comes_with_its_card(champion: ModelVersion) -> None:
    said = Program().get(f"models/{champion.name}").json()
    assert said["card"]["files"]
    assert [change["kind"] for change in said["promotions"]] == ["first"]


def test_what_has_not_changed_is_not_sent_again(champion: ModelVersion) -> None:
    first = Program().get(f"models/{champion.name}")
    again = Program().get(f"models/{champion.name}", If_None_Match=first["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    ModelVersion.objects.filter(pk=champion.pk).update(private_test={"n": 1})
    changed = Program().get(f"models/{champion.name}", If_None_Match=first["ETag"])
    assert changed.status_code == 200


def test_trainers_read_the_exam(trainer: Program) -> None:
    run = make_run(status="done")
    version = make_version("mien-3", run=run)
    assert trainer.get("models/mien-3/report").status_code == 404
    Exam.objects.create(
        run=run,
        challenger=version,
        exam_hash="ab" * 32,
        policy="improves",
        outcome="kept",
        report=make_report(outcome="kept"),
    )
    said = trainer.get("models/mien-3/report").json()
    assert (said["outcome"], said["champion"]) == ("kept", None)
    assert said["report"]["sentence"]


def test_trainers_take_the_files_along(
    trainer: Program, champion: ModelVersion
) -> None:
    files = trainer.get(f"models/{champion.name}/files").json()["results"]
    assert {"model.onnx", "card.json"} <= {file["name"] for file in files}
    for file in files:
        got = trainer.get(f"models/{champion.name}/files/{file['name']}")
        assert len(got.content) == file["bytes"]
        assert hashlib.sha256(got.content).hexdigest() == file["sha256"]
        assert got["ETag"] == f'"{file["sha256"]}"'


def test_a_trainer_puts_a_model_in_use_and_goes_back(
    trainer: Program, champion: ModelVersion
) -> None:
    make_version("mien-4")
    sent = {"reason": "a trial", "instead_of": champion.name}
    assert trainer.post("models/mien-4/promote", sent).json()["is_champion"]
    late = trainer.post(f"models/{champion.name}/roll-back", sent)
    assert late.json()["error"]["code"] == "champion_changed"
    back = trainer.post(f"models/{champion.name}/roll-back", {"reason": "worse"})
    assert back.json()["is_champion"]


def test_it_takes_a_reason(trainer: Program) -> None:
    make_version("mien-4")
    assert trainer.post("models/mien-4/promote", {"reason": ""}).status_code == 400
    spaces = trainer.post("models/mien-4/promote", {"reason": " "})
    assert spaces.json()["error"]["code"] == "reason_missing"
