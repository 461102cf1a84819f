import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from labeling.models import (
    AuditEntry,
    Exam,
    ModelVersion,
    PredictionFeedback,
    Promotion,
    Snapshot,
    User,
)
from labeling.registry import model_versions
from tests.support.exam_reports import make_image_slice, make_report, make_side
from tests.support.factories import make_contribution, make_run, make_user, make_version
from tests.webapp.views.test_my import trained_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def tom(client: Client) -> User:
    tom = make_user("tom", "trainer")
    client.force_login(tom)
    return tom


def make_examined(name: str, accuracy: float, **fields: Any) -> ModelVersion:
    run = make_run(status="done")
    version = make_version(name, run=run, **fields)
    Exam.objects.create(
        run=run,
        challenger=version,
        exam_hash="ab" * 32,
        policy="improves",
        outcome="kept",
        report=make_report(challenger=make_side(name, accuracy), outcome="kept"),
    )
    return version


def make_answers(version: ModelVersion, *, yes: int, no: int) -> None:
    PredictionFeedback.objects.bulk_create(
        PredictionFeedback(
            model_version=version,
            guess="sad",
            is_right=n < yes,
            nonce=f"{version.pk}-{n}",
        )
        for n in range(yes + no)
    )


def promoted(version: ModelVersion) -> ModelVersion:
    model_versions.promote(version, kind=Promotion.Kind.EXAM)
    return version


def test_everyone_may_read_what_serves_and_what_served(client: Client):
    promoted(make_examined("mien-1", 0.6))
    promoted(make_examined("mien-2", 0.7))
    html = client.get("/models/").text
    assert "In use now" in html
    assert html.index("mien-2") < html.index("All models")
    assert "Put in use on" in html
    assert html.count('class="mark"') == 2
    assert "70.0\u202f% (69.0–71.0)" in html


def test_a_page_without_any_version_is_a_page(client: Client):
    assert "No model yet" in client.get("/models/").text


def test_the_correction_rate_stands_beside_each_version(client: Client):
    make_answers(promoted(make_version("mien-1")), yes=75, no=25)
    assert "How often people say" in client.get("/models/").text
    html = client.get("/models/mien-1/").text
    assert "25 % (18–34) of 100 answers" in html


def test_no_share_is_shown_of_four_answers(client: Client):
    make_answers(promoted(make_version("mien-1")), yes=3, no=1)
    wait = {
        "/models/": "It is shown from 20 answers on.",
        "/models/mien-1/": "4 answers; a share is shown from 20 on",
    }
    for path, words in wait.items():
        html = client.get(path).text
        assert words in html
        assert "4 answers" in html
        assert "25" not in re.findall(r"<dd[^>]*>([^<]*)", html)
        assert "How often people say" not in html


def test_the_chart_joins_champions_and_leaves_the_others_hollow(client: Client):
    promoted(make_examined("mien-1", 0.6))
    make_examined("mien-2", 0.5)
    promoted(make_examined("mien-3", 0.7))
    html = client.get("/models/").text
    in_use, tried = re.findall(r'<g class="line .*?</g>', html, re.DOTALL)
    assert in_use.count("<circle") == 2
    assert len(re.search(r'<polyline points="([^"]*)', in_use)[1].split()) == 2
    assert "is-hollow" in tried
    assert tried.count("<circle") == 1
    assert "<polyline" not in tried


def test_the_shipped_model_shows_its_figures_from_the_first_day(
    client: Client, tom: User
):
    card = {"metrics": {"tune": {"n": 862, "accuracy": 0.6972}}}
    promoted(make_version("base-6", card=card, origin="shipped"))
    assert "right, on faces it had never seen" in client.get("/models/").text
    assert "Right on faces it had never seen" in client.get("/models/base-6/").text
    for path in ("/", "/training/"):
        words = re.sub(r"\s+", " ", strip_tags(client.get(path).text))
        assert re.search(r"base-6,( was)? right on 70 of 100 faces", words), path


def test_a_version_says_why_it_learned_from_fewer_faces_than_are_accepted(
    client: Client,
):
    version = make_examined("mien-1", 0.45)
    counts = {"accepted": 39, "rows": 29, "copies": 10}
    Snapshot.objects.create(run=version.run, hash="cd" * 32, manifest=counts)
    sentence = "39 accepted, 29 learned from: 10 were copies."
    assert sentence in client.get("/models/mien-1/").text


def test_a_version_that_lost_its_exam_shows_the_verdict(client: Client):
    make_examined("mien-1", 0.45)
    html = client.get("/models/mien-1/").text
    assert "Not better: right on 45 of 100, the present model on 60. It stays." in html


def test_a_version_shows_its_card_its_data_and_who_promoted_it(
    client: Client, tom: User
):
    card = {
        "config": {"network": "vgg-lean"},
        "params": 1_180_000,
        "snapshot": {"hash": "cd" * 32, "contributions": 28_123},
        "files": {"model.onnx": "ef" * 32},
        "certainty_threshold": 0.42,
    }
    version = make_examined("mien-1", 0.7, card=card)
    model_versions.override(version, by=tom, reason="<i>because</i>")
    client.logout()
    html = client.get("/models/mien-1/").text
    for text in (
        "vgg-lean",
        "1,180,000",
        "28,123",
        "ef" * 32,
        "put in use by a person",
    ):
        assert text in html
    assert "a trainer" in html
    assert "because" not in html
    assert "tom" not in html
    client.force_login(tom)
    html = client.get("/models/mien-1/").text
    assert "&lt;i&gt;because&lt;/i&gt;" in html
    assert ", tom</p>" in html


def test_a_version_with_two_heads_tells_all_three_answers_apart(
    client: Client, settings
):
    def facts(accuracy: float, threshold: float) -> dict:
        figures = {"n": 862, "accuracy": accuracy, "ferplus": {"n": 757, "accuracy": 1}}
        return {"metrics": {"tune": figures}, "certainty_threshold": threshold}

    heads = {"label": facts(0.72, 0.54), "raters": facts(0.6, 0.25)}
    make_version("mien-1", card=facts(0.7, 0.41))
    make_version("mien-2", card={**facts(0.7, 0.41), "answers": heads})
    settings.MODEL_ANSWER = "raters"
    assert "Its three answers" not in client.get("/models/mien-1/").text
    html = client.get("/models/mien-2/").text
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</tr>", html)
    assert [re.findall(r">(\d+)\s%<", row) for row in rows] == [
        ["70", "100", "41"],
        ["72", "100", "54"],
        ["60", "100", "25"],
    ]
    assert ["shown here" in row for row in rows] == [False, False, True]


def test_only_trainers_see_and_use_the_buttons(client: Client):
    promoted(make_version("mien-1"))
    make_version("mien-2")
    assert "Put it in use against the exam" not in client.get("/models/mien-2/").text
    for act in ("override", "roll-back"):
        url = f"/models/mien-2/{act}/"
        client.logout()
        assert client.post(url, {"reason": "x"}).url.startswith("/accounts/login/")
        client.force_login(make_user(f"rita-{act}", "reviewer"))
        assert client.post(url, {"reason": "x"}).status_code == 403
    champion = model_versions.current()
    assert champion
    assert champion.name == "mien-1"


def test_a_trainer_promotes_against_the_exam_with_a_reason(client: Client, tom: User):
    first = promoted(make_version("mien-1"))
    make_version("mien-2")
    url = "/models/mien-2/override/"
    refused = client.post(url, {"reason": " ", "instead_of": first.pk}, follow=True)
    assert "say why" in refused.text
    client.post(url, {"reason": "tried it", "instead_of": first.pk})
    last = Promotion.objects.first()
    assert last
    assert (last.version.name, last.by, last.reason) == ("mien-2", tom, "tried it")


def test_a_trainer_rolls_back(client: Client, tom: User):
    promoted(make_version("mien-1"))
    second = promoted(make_version("mien-2"))
    assert "Go back to this model" in client.get("/models/mien-1/").text
    data = {"reason": "worse on my photos", "instead_of": second.pk}
    page = client.post("/models/mien-1/roll-back/", data, follow=True)
    assert "mien-1 is in use now." in page.text
    assert "A trainer went back to it" in page.text


def test_two_trainers_at_once_do_not_overrule_each_other_unseen(
    client: Client, tom: User
):
    first = promoted(make_version("mien-1"))
    promoted(make_version("mien-2"))
    make_version("mien-3")
    data = {"reason": "x", "instead_of": first.pk}
    page = client.post("/models/mien-3/override/", data, follow=True)
    assert "Look again, then decide" in page.text


def test_a_contaminated_version_is_marked_and_cannot_serve_again(
    client: Client, tom: User
):
    promoted(make_version("mien-1"))
    promoted(make_version("mien-2"))
    ModelVersion.objects.filter(name="mien-1").update(contaminated_at=timezone.now())
    html = client.get("/models/mien-1/").text
    assert "learned from a face taken back" in html
    assert "Go back to this model" not in html
    page = client.post("/models/mien-1/roll-back/", {"reason": "x"}, follow=True)
    assert "was taken back since" in page.text
    champion = model_versions.current()
    assert champion
    assert champion.name == "mien-2"


def test_a_rise_of_corrections_proposes_to_go_back(client: Client, tom: User):
    make_answers(promoted(make_version("mien-1")), yes=180, no=20)
    make_answers(promoted(make_version("mien-2")), yes=120, no=80)
    assert "Should mien-1 serve again?" in client.get("/models/mien-1/").text
    assert "Should mien-1 serve again?" in client.get("/training/").text


def test_private_test_has_a_page_of_its_own_without_decisions(
    client: Client, tom: User
):
    make_version("mien-1", private_test={"accuracy": 0.6712, "top2": 0.84})
    html = client.get("/models/figures/").text
    assert "67.1\u202f%" in html
    assert "Promote" not in html


def test_trainers_get_the_rows_of_a_version_and_of_its_ancestors(
    client: Client, tom: User
):
    face = make_contribution()
    parent = trained_on(face)
    child = trained_on(parent=parent)
    answer = client.get(f"/models/{child.name}/rows.csv")
    text = b"".join(answer.streaming_content).decode()
    assert str(face.pk) in text
    assert len(text.splitlines()) == 2
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.by_key) == ("rows", tom.key)
    assert entry.subject == f"version {child.pk}"


@pytest.mark.parametrize("snapshot", [None, [], {"fer2013": 3, "extra": {"x": 1}}])
def test_an_odd_card_is_still_a_page(client: Client, snapshot: Any):
    make_version("mien-1", card={"snapshot": snapshot, "metrics": {"public": {}}})
    assert client.get("/models/mien-1/").status_code == 200


def test_an_unknown_version_is_not_found(client: Client):
    assert client.get("/models/mien-9/").status_code == 404


def test_the_number_of_queries_does_not_grow_with_the_versions(client: Client):
    counts = []
    for n in (2, 10):
        for i in range(n):
            promoted(make_examined(f"v{n}-{i}", 0.6))
        client.get("/models/")
        with CaptureQueriesContext(connection) as queries:
            client.get("/models/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_model_shows_the_pictures_it_reads_worse_and_what_would_help(client: Client):
    images = {
        "dark": make_image_slice(-0.02, -0.1, 0.06),
        "turned": make_image_slice(-0.1, -0.2, -0.01),
    }
    run = make_run(status="done")
    version = make_version("mien-1", run=run)
    side = make_side("mien-1", 0.7, images=images)
    Exam.objects.create(
        run=run,
        challenger=version,
        exam_hash="ab" * 32,
        policy="improves",
        outcome="promoted",
        report=make_report(challenger=side),
    )
    page = client.get("/models/mien-1/").text
    assert "Which pictures it reads worse" in page
    assert "looking aside" in page
    assert "would help it most" not in page
    promoted(version)
    page = client.get("/models/mien-1/").text
    assert "Faces that look aside help" in page
    assert "Faces in little light help" not in page


def test_each_version_has_a_model_card_and_trainers_read_who_decided(client: Client):
    version, tom = make_version("mien-1"), make_user("tom", "trainer")
    model_versions.override(version, by=tom, reason="It is better.")
    address = reverse("model-card", args=["mien-1"])
    assert f'href="{address}"' in client.get("/models/mien-1/").text
    text = client.get(address).text
    assert "<h1>Model card: mien-1</h1>" in text
    assert "Decided by a trainer" in text
    assert "It is better" not in text
    client.force_login(tom)
    text = client.get(address).text
    assert f"account {tom.key}" in text
    assert "It is better" in text
    assert client.get("/models/none/card/").status_code == 404
