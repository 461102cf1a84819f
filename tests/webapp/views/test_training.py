import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags

from labeling.models import Contribution, Exam, RunEvent, Snapshot, TrainingRun, User
from labeling.registry import serving
from labeling.registry.serving import Problem
from ml import config
from tests.support import training_data
from tests.support.exam_reports import (
    make_difference,
    make_examined,
    make_report,
    make_side,
)
from tests.support.factories import make_contribution, make_run, make_user, make_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def tom(client: Client) -> User:
    tom = make_user("tom", "trainer")
    client.force_login(tom)
    return tom


@pytest.fixture
def fer2013(settings: Any, tmp_path: Any) -> None:
    settings.FER2013 = training_data.fer2013(tmp_path / "fer2013.csv")
    settings.MIEN_DATA = tmp_path


def test_only_trainers_come_in(client: Client):
    run = make_run()
    for path in ("", f"{run.pk}/", f"{run.pk}/progress/", f"{run.pk}/log/"):
        client.logout()
        assert client.get(f"/training/{path}").url.startswith("/accounts/login/")
        client.force_login(make_user(f"rita{uuid4().hex[:6]}", "reviewer"))
        assert client.get(f"/training/{path}").status_code == 403


def test_the_button_starts_a_run_with_what_was_chosen(
    client: Client, tom: User, fer2013: None
):
    answer = client.post(
        "/training/", {"preset": "quick", "start": "scratch", "weight": "2.5"}
    )
    run = TrainingRun.objects.get()
    assert answer.url == f"/training/{run.pk}/"
    assert (run.preset, run.requested_by, run.trigger) == ("quick", tom, "person")
    assert run.options == {"start": "scratch", "weight": 2.5}


def test_a_second_press_leads_to_the_run_that_is_on(
    client: Client, tom: User, fer2013: None
):
    for _ in range(2):
        answer = client.post("/training/", {"preset": "quick"}, follow=True)
    assert TrainingRun.objects.count() == 1
    assert "is on already" in answer.text
    assert answer.redirect_chain[-1][0] == f"/training/{TrainingRun.objects.get().pk}/"


def test_without_data_it_says_why_it_does_not_start(
    client: Client, tom: User, settings: Any
):
    settings.FER2013 = None
    assert "FER-2013 is not here" in client.get("/training/").text
    answer = client.post("/training/", {"preset": "quick"}, follow=True)
    assert "too little to train on" in answer.text
    assert not TrainingRun.objects.exists()


@pytest.mark.parametrize(
    "wish", [{}, {"preset": "x"}, {"preset": "quick", "weight": "lots"}]
)
def test_what_cannot_be_asked_for_starts_nothing(
    client: Client, tom: User, fer2013: None, wish: dict[str, str]
):
    assert client.post("/training/", wish).status_code == 200
    assert not TrainingRun.objects.exists()


def test_an_unknown_network_is_told_of(client: Client, tom: User, fer2013: None):
    wish = {"preset": "quick", "network": "no-such-net", "start": "scratch"}
    page = client.post("/training/", wish, follow=True)
    assert "no-such-net is not one of the available choices" in page.text
    assert not TrainingRun.objects.exists()


def test_networks_are_chosen_by_name_with_a_word_on_each(client: Client, tom: User):
    html = client.get("/training/").text
    assert '<select name="network"' in html
    for name in config.NETWORKS:
        assert f'<option value="{name}">{name}: ' in html


def test_each_preset_says_how_long_it_takes(client: Client, tom: User):
    html = client.get("/training/").text
    assert html.count("about ") >= 3


def test_progress_comes_as_a_part_that_asks_again(client: Client, tom: User):
    run = make_run(status="training", progress=0.4, seconds_left=125, message="Epoch 2")
    for epoch in (1, 2):
        RunEvent.objects.create(
            run=run,
            attempt=1,
            data={
                "event": "epoch",
                "epoch": epoch,
                "epochs": 5,
                "loss": 1.5,
                "accuracy": 0.4,
                "tune_loss": 1.4,
                "tune_accuracy": 0.5,
            },
        )
    part = client.get(f"/training/{run.pk}/progress/")
    assert f'hx-get="/training/{run.pk}/progress/"' in part.text
    for place in (
        f"/training/{run.pk}/progress/",
        f"/training/{run.pk}/",
        "/training/",
    ):
        page = client.get(place).text
        assert "3 minutes left" in page  # those of the training, and the exam's
        assert 'aria-valuenow="20"' in page
    assert "After epoch 2 of 5" in part.text
    assert part.text.count("<polyline") == 4
    assert "<html" not in part.text
    assert f'hx-get="/training/{run.pk}/progress/' in client.get("/training/").text


def test_at_the_end_the_page_is_read_anew(client: Client, tom: User):
    run = make_run(status="failed", message="The worker was lost.")
    answer = client.get(f"/training/{run.pk}/progress/")
    assert answer["HX-Refresh"] == "true"
    html = client.get(f"/training/{run.pk}/").text
    assert "The worker was lost." in html
    assert "hx-trigger" not in html


def test_cancelling_asks_the_run_to_end(client: Client, tom: User):
    run = make_run(status="training")
    client.post(f"/training/{run.pk}/cancel/")
    run.refresh_from_db()
    assert run.cancel_asked_at
    run = TrainingRun.objects.get(pk=run.pk)
    TrainingRun.objects.filter(pk=run.pk).update(status="done")
    again = client.post(f"/training/{run.pk}/cancel/", follow=True)
    assert "ended already" in again.text


def test_the_report_shows_both_sides_and_the_difference(client: Client, tom: User):
    run = make_examined()
    html = client.get(f"/training/{run.pk}/").text
    assert "Promoted: better." in html
    assert html.count('class="confusion"') == 2
    assert "New model minus present model" in html
    assert "exact McNemar test" in html
    assert "used once" in html
    assert "angry faces" in html


def test_the_verdict_stands_first_and_statistics_under_details(
    client: Client, tom: User
):
    html = client.get(f"/training/{make_examined().pk}/").text
    words, _rest, details = html.partition('<details class="more report"')
    text = re.sub(r"\s+", " ", strip_tags(words))
    assert "Better: right on 70 of 100, the model before it on 60." in text
    assert re.search(r"New model mien-\d+ ?right on 70 of 100", text)
    assert re.search(r"Model before it old ?right on 60 of 100", text)
    assert words.count('class="bar ') == 2
    assert "McNemar" not in words
    assert "Promoted: better." not in words
    assert "McNemar" in details


def test_each_difference_stands_with_its_interval(client: Client, tom: User):
    html = client.get(f"/training/{make_examined().pk}/").text
    assert "New model minus present model, by label" in html
    table = html[html.index("by label") : html.index("Right by label")]
    assert table.count("+7.0 … +13.0") == 7
    assert "(+8.0 … +12.0)" in html  # of the accuracy


def test_an_exam_of_two_parts_shows_both(client: Client, tom: User):
    names = ("public", "community")
    sides = {
        side: make_side(side, share, slices={n: make_difference(share) for n in names})
        for side, share in (("champion", 0.6), ("challenger", 0.7))
    }
    changes = {"public": make_difference(0.02), "community": make_difference(-0.3)}
    difference = make_report()["difference"] | {"slices": changes}
    run = make_examined(**sides, difference=difference)
    html = client.get(f"/training/{run.pk}/").text
    table = html[html.index("versus") : html.index("</table>")]
    assert table.count('class="is-part"') == 2
    assert "(-33.0 … -27.0)" in table
    assert html.count(">FER-2013</text>") == 1


def test_matrices_keep_the_order_of_the_network(client: Client, tom: User):
    """Postgres sorts the keys of JSON; rows of a matrix have no keys."""
    html = client.get(f"/training/{make_examined().pk}/").text
    rows = html[html.index('class="confusion"') :]
    places = [rows.index(f">{name}</text>") for name in ("angry", "disgust", "neutral")]
    assert places == sorted(places)


def test_an_old_or_short_report_is_still_a_page(client: Client, tom: User):
    run = make_examined()
    Exam.objects.update(report={"outcome": "kept"})
    assert client.get(f"/training/{run.pk}/").status_code == 200


def test_private_test_stands_on_no_page_with_a_decision(client: Client, tom: User):
    run = make_examined()
    for path in (
        "/training/",
        f"/training/{run.pk}/",
        "/models/",
        f"/models/mien-{run.pk}/",
    ):
        html = client.get(path).text
        assert "91.0" not in html
        assert "91" + "\u202f%" not in html


def make_change(ref: str, label: str, champion: str, challenger: str) -> dict[str, str]:
    return {"ref": ref} | {
        "label": label,
        "champion": champion,
        "challenger": challenger,
    }


def test_faces_that_changed_are_shown_with_both_answers_but_for_withdrawn_ones(
    client: Client, tom: User, fer2013: None
):
    kept = make_contribution(emotion="fear")
    fixed = [
        make_change("fer2013:75", "sad", "angry", "sad"),
        make_change(f"contribution:{kept.pk}", "fear", "angry", "fear"),
        make_change(f"contribution:{uuid4()}", "fear", "angry", "fear"),
    ]
    broken = [make_change("fer2013:71", "happy", "happy", "disgust")]
    run = make_examined(changed={"fixed": fixed, "broken": broken})
    url = f"/training/{run.pk}/changed/"
    part = client.get(url, headers={"HX-Request": "true"}).text
    assert part.count("<img") == 3
    assert "<html" not in part
    assert "<html" in client.get(url).text
    words = re.sub(r"\s+", " ", strip_tags(part))
    assert "😠 angry →, 😨 fear 2 ×" in words
    assert part.count('class="answer is-fear is-right"') == 1
    spoilt = part[part.index("From right to wrong") :]
    assert 'class="answer is-happy is-right"' in spoilt
    assert 'class="answer is-disgust"' in spoilt


def test_changed_faces_of_a_report_without_answers_show_their_label(
    client: Client, tom: User, fer2013: None
):
    run = make_examined(changed={"fixed": ["fer2013:75"], "broken": []})
    part = client.get(f"/training/{run.pk}/changed/").text
    assert part.count("<img") == 1
    assert "surprise" in part


def test_alerts_stand_on_the_training_page(
    client: Client, tom: User, monkeypatch: pytest.MonkeyPatch
):
    problem = Problem("champion_refused", "The champion mien-7 cannot be used.")
    monkeypatch.setattr(serving._loader, "problem", problem)
    monkeypatch.setattr(serving._loader, "checked_at", float("inf"))
    assert "mien-7 cannot be used" in client.get("/training/").text


def test_what_waits_is_counted(client: Client, tom: User):
    make_contribution()
    make_contribution(status="accepted")
    make_version("old", contaminated_at=timezone.now())
    html = client.get("/training/").text
    assert ">old</a>" in html
    assert Contribution.objects.waiting().count() == 1


def test_facts_of_the_snapshot_stand_on_the_runs_page(client: Client, tom: User):
    run = make_run(status="training")
    Snapshot.objects.create(run=run, hash="cd" * 32, manifest={"rows": 28_123})
    html = client.get(f"/training/{run.pk}/").text
    assert "cdcdcdcdcdcd" in html
    assert "28,123" in html


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        (
            {"accepted": 39, "rows": 29, "copies": 10},
            "39 accepted, 29 learned from: 10 were copies.",
        ),
        (
            {"accepted": 39, "rows": 29, "copies": 1, "for_exam": 7},
            "39 accepted, 29 learned from: 1 was a copy, 7 were kept for exams,"
            " 2 were set aside.",
        ),
        ({"accepted": 29, "rows": 29}, ""),
        ({"rows": 29}, ""),
    ],
)
def test_where_counts_of_faces_differ_the_page_says_why(
    client: Client, tom: User, counts: dict[str, int], sentence: str
):
    run = make_run(status="training")
    Snapshot.objects.create(run=run, hash="cd" * 32, manifest=counts)
    html = client.get(f"/training/{run.pk}/").text
    assert sentence in html
    assert ("learned from:" in html) == bool(sentence)


def test_the_log_is_at_hand_and_hostile_text_in_it_stays_text(
    client: Client, tom: User
):
    run = make_run(status="training", log="<script>x</script>", message="<b>y</b>")
    html = client.get(f"/training/{run.pk}/").text
    assert "&lt;script&gt;x" in html
    assert "<b>y" not in html
    assert "&lt;script&gt;x" in client.get(f"/training/{run.pk}/log/").text


def test_acts_come_by_post_with_csrf(client: Client, tom: User):
    run = make_run(status="training")
    assert client.get(f"/training/{run.pk}/cancel/").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(tom)
    assert strict.post(f"/training/{run.pk}/cancel/").status_code == 403
    assert strict.post("/training/", {"preset": "quick"}).status_code == 403
