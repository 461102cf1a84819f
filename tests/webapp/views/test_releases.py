import json

import pytest
from django.test import Client

from labeling.contributions import withdrawals
from labeling.datasets import dataset_release
from tests.support.factories import make_contribution, make_release

pytestmark = pytest.mark.django_db


def test_without_any_it_says_so(client: Client):
    make_release("never finished", made_at=None)
    text = client.get("/data/releases/").text
    assert "No data set has been released yet" in text
    assert "never finished" not in text
    assert "/data/releases/" in client.get("/data/").text


def test_each_is_listed_with_its_size_its_licence_and_how_many_faces(client: Client):
    make_release("autumn", size=5_000_000, license="CC-BY-4.0")
    text = client.get("/data/releases/").text
    for words in ("autumn", "4.8\xa0MB", "CC-BY-4.0", ">14<"):
        assert words in text


def test_one_says_what_changed_and_what_was_taken_back_since(client: Client, tmp_path):
    face, other = (
        make_contribution(status="accepted", may_be_released=True) for _ in range(2)
    )
    dataset_release.write(tmp_path / "one", name="one")
    row = dataset_release.write(
        tmp_path / "two", name="two", url="https://files.example/two"
    ).row
    withdrawals.withdraw(face)
    page = f"/data/releases/{row.pk}/"
    text = client.get(page).text
    assert "1 face in it has been taken back since" in text
    assert ">one</a>: 0 added, 0 gone" in text
    assert 'href="https://files.example/two"' in text
    assert "None is stated" in text
    assert row.checksum in text
    listed = client.get("/data/releases/withdrawn.json").json()["withdrawn"]
    assert [entry["id"] for entry in listed] == [str(face.pk)]
    sheet = client.get(f"{page}datasheet/").text
    assert "Datasheet: two" in sheet
    assert "<td>happy</td>" in sheet
    told = client.get(f"{page}croissant.json")
    assert told["Content-Type"] == "application/ld+json"
    on_disk = json.loads((tmp_path / "two" / "croissant.json").read_text())
    assert json.loads(told.content) == on_disk
    assert str(other.pk) not in text


def test_what_was_never_finished_is_shown_nowhere(client: Client):
    row = make_release("never finished", made_at=None)
    for rest in ("", "datasheet/", "croissant.json"):
        assert client.get(f"/data/releases/{row.pk}/{rest}").status_code == 404


def test_a_name_is_no_markup(client: Client):
    row = make_release("<script>alert(1)</script>")
    for rest in ("", "datasheet/"):
        text = client.get(f"/data/releases/{row.pk}/{rest}").text
        assert "<script>alert" not in text
        assert "alert(1)" in text
