from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from labeling.emotions import Emotion
from labeling.models import SiteStats, Vote
from labeling.stats import site_stats
from tests.support.factories import make_contribution, make_user, make_version
from tests.webapp.views.test_models import make_answers

pytestmark = pytest.mark.django_db


def test_without_faces_it_asks_for_the_first(client: Client):
    assert "The first face could be yours" in client.get("/data/").text


def test_it_shows_what_was_given_and_what_became_of_it(client: Client):
    for emotion in Emotion.values:
        make_contribution(emotion=emotion, jpeg=b"x")
    face = make_contribution(emotion="fear", status="accepted", jpeg=b"x")
    for name in ("ada", "bo"):
        Vote.objects.create(contribution=face, choice="fear", voter=make_user(name))
    make_answers(make_version("mien-1"), yes=16, no=4)
    html = client.get("/data/").text
    assert "Faces given each week" in html
    assert "How often people say it is wrong" in html
    assert html.count("<table") == 3
    for emotion in Emotion:
        assert str(emotion.label) in html
    assert "Do people agree?" in html


def test_the_same_comes_as_json(client: Client):
    make_contribution(emotion="fear", jpeg=b"x")
    counted = client.get("/data/numbers.json").json()
    assert counted["given"] == 1
    assert counted["emotions"][2] == {
        "emotion": "fear",
        "given": 1,
        "accepted": 0,
        "shown": 0,
    }


def test_the_keys_of_the_json_stay_for_those_who_read_it(client: Client):
    make_contribution(emotion="fear", jpeg=b"x")
    make_answers(make_version("mien-1"), yes=16, no=4)
    counted = client.get("/data/numbers.json").json()
    assert counted.keys() == {
        *("given", "accepted", "rejected", "waiting", "withdrawn", "givers"),
        *("emotions", "have", "weeks", "backlog", "votes", "agreement"),
        *("corrections", "counted_at"),
    }
    assert counted["have"]["fear"] == 1
    assert counted["weeks"].keys() == {"starts", "given"}
    assert counted["weeks"]["starts"][0] == monday_of_this_week().isoformat()
    assert counted["weeks"]["given"]["fear"] == [1]
    assert counted["backlog"].keys() == {"oldest", "decided_in_a_week"}
    assert datetime.fromisoformat(counted["backlog"]["oldest"]).tzinfo
    assert counted["votes"] == {"count": 0, "voters": 0, "choices": {}}
    assert counted["agreement"] == {"alpha": None, "faces": 0}
    (version,) = counted["corrections"]
    assert version.keys() == {"version", "answers", "wrong", "low", "high"}
    assert counted["counted_at"] == SiteStats.objects.get().counted_at.isoformat()


def monday_of_this_week() -> date:
    today = timezone.now().astimezone(timezone.get_current_timezone()).date()
    return today - timedelta(days=today.weekday())


def test_it_reads_what_was_counted_and_never_counts(client: Client):
    make_contribution(jpeg=b"x")
    site_stats.refresh()
    client.get("/data/")
    with CaptureQueriesContext(connection) as queries:
        client.get("/data/")
    assert len(queries) <= 2
    assert not [q for q in queries if "contribution" in q["sql"]]


def test_nothing_personal_stands_in_it(client: Client):
    make_contribution(giver=make_user("ada"), jpeg=b"x")
    for path in ("/data/", "/data/numbers.json"):
        text = client.get(path).text
        assert "ada" not in text.replace("data", "")
