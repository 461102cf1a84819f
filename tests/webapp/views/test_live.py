import json
import re

import pytest
from django.test import Client

from ml.emotions import EMOTIONS

pytestmark = pytest.mark.django_db


def test_it_says_what_becomes_of_the_frames(client: Client) -> None:
    html = client.get("/live/").text
    assert "The pictures are looked at and forgotten" in html
    assert "only in this browser" in html
    assert 'data-url="/api/v1/detect?live=1"' in html


def test_the_script_gets_its_words_and_the_emotions_in_order(client: Client) -> None:
    html = client.get("/live/").text
    words = json.loads(re.findall(r'id="live-words"[^>]*>(.*?)</script>', html)[0])
    assert [one["name"] for one in words["emotions"]] == list(EMOTIONS)
    assert words["no_face"]


def test_without_scripts_it_points_to_a_single_photo(client: Client) -> None:
    assert "<noscript>" in client.get("/live/").text


def test_it_refuses_to_be_posted_to(client: Client) -> None:
    assert client.post("/live/").status_code == 405
