"""Papers are made of what the system is: nothing in them is typed twice."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from labeling import controller
from labeling.datasets import croissant
from labeling.models import Exam, ModelVersion
from labeling.papers import collection, markdown, model_card, system_facts
from labeling.registry import model_versions
from ml.emotions import EMOTIONS
from tests.support.exam_reports import make_report
from tests.support.factories import (
    make_contribution,
    make_release,
    make_run_on,
    make_user,
    make_version,
)
from tests.support.public_site import open_to_the_public

pytestmark = pytest.mark.django_db

# The headings of Annex IV of Regulation (EU) 2024/1689, by number.
ANNEX_IV = {1: "abcdefgh", 2: "abcdefgh", **dict.fromkeys(range(3, 10), "")}


def make_examined(name: str = "mien-7", **fields) -> ModelVersion:
    run = make_run_on(make_contribution())
    version = make_version(name, run=run, card={"emotions": list(EMOTIONS)}, **fields)
    Exam.objects.create(
        run=run,
        challenger=version,
        exam_hash="ab" * 32,
        policy="improves",
        outcome="promoted",
        report=make_report(outcome="promoted"),
    )
    return version


# --- model cards


def test_a_card_of_two_heads_has_the_figures_of_each_answer() -> None:
    def facts(accuracy: float) -> dict:
        votes = {"n": 757, "accuracy": 0.885}
        figures = {"n": 862, "accuracy": accuracy, "accuracy_ci": [0.5, 0.8]}
        return {"metrics": {"tune": {**figures, "ferplus": votes}}}

    heads = {"label": facts(0.72), "raters": facts(0.6)}
    one = make_version("one", card=facts(0.7))
    two = make_version("two", card={**facts(0.7), "answers": heads})
    assert "three answers" not in model_card.text(one)
    rows = re.findall(r"\| (mix|label|raters) \| ([\d.]+)\s%.*\|", model_card.text(two))
    assert rows == [("mix", "70.0"), ("label", "72.0"), ("raters", "60.0")]
    assert "| 88.5\u202f% (86.0 to 90.6, 757 faces) |" in model_card.text(two)


def test_a_card_has_data_recipe_figures_with_intervals_and_who_decided() -> None:
    version = make_examined()
    tom = make_user("tom")
    model_versions.override(version, by=tom, reason="It is *better* | <b>so</b>.")
    report = make_report(outcome="promoted")
    card = model_card.text(version, for_trainers=True)
    share = report["challenger"]["accuracy"] * 100
    assert re.search(rf"Right \(accuracy\) \| {share:.1f}\s% \([\d.]+ to [\d.]+", card)
    assert markdown.literal(report["sentence"]) in card
    assert f"Decided by account {tom.key}" in card
    assert "Faces that visitors gave, with those of its ancestors | 1 |" in card
    html = markdown.to_html(card)
    assert "It is *better* | &lt;b&gt;so&lt;/b&gt;." in html
    assert "tom@" not in card


def test_who_is_no_trainer_reads_neither_name_nor_reason() -> None:
    version, tom = make_examined(), make_user("tom")
    model_versions.override(version, by=tom, reason="It is better.")
    card = model_card.text(version)
    assert "Decided by a trainer" in card
    assert str(tom.key) not in card
    assert "It is better" not in card


def test_the_card_of_the_shipped_model_has_its_own_figures(champion) -> None:
    shipped = Path(settings.BASE_DIR) / "models" / "base"
    version = model_versions.register_shipped(shipped)
    card = model_card.text(version)
    assert "By its own card, on the validation split *Tune*" in card
    assert "| Right (accuracy) | 70.2\u202f% (67.0 to 73.1, 862 faces) |" in card
    for emotion in EMOTIONS:
        assert re.search(rf"Right on \*{emotion}\* \| [\d.]+\s% \(", card)
    assert "PrivateTest, stand at" in card
    assert "vgg-lean" in card.replace("\\", "")


def test_of_a_version_of_which_nothing_is_known_it_says_so() -> None:
    card = model_card.text(make_version("bare"))
    assert "It was not measured here" in card
    assert "It was never put in use" in card
    assert "Not on record" in card


# --- the others


def of(name: str) -> str:
    papers = {paper.file: paper.text for paper in collection.make()}
    return papers[f"{name}.html"]


def test_the_technical_documentation_has_all_headings_of_annex_iv() -> None:
    text = of("technical-documentation")
    for number, letters in ANNEX_IV.items():
        section = re.search(rf"^## {number}\. .+?(?=^## |\Z)", text, re.M | re.S)
        assert section, number
        found = re.findall(r"^### \((\w)\)", section[0], re.MULTILINE)
        assert "".join(found) == letters


def test_what_it_says_is_read_from_code_settings_and_runs(settings) -> None:
    settings.RETRAIN_MIN_FACES = 4321
    settings.KEEP_REJECTED_DAYS = 17
    version = make_examined("mien-12")
    model_versions.promote(version, kind="exam")
    make_release("faces-of-may")
    text = of("technical-documentation")
    for words in ("4321", "mien-12", "faces-of-may", system_facts.mien_version()):
        assert words in text
    assert croissant.FACTS["dataCollection"] in text
    assert "rejected 17;" in of("record-of-processing")
    assert "mien-12" in of("impact-assessment")


def test_what_only_the_operator_knows_is_open() -> None:
    for paper in collection.make()[:3]:
        assert paper.open_points > 3, paper.title


def test_what_a_public_site_has_stated_is_filled_in(settings) -> None:
    alone = {paper.file: paper.open_points for paper in collection.make()}
    open_to_the_public(settings)
    stated = controller.stated()
    assert stated
    for paper in collection.make()[:3]:
        assert str(stated.name) in paper.text
        assert paper.open_points < alone[paper.file]
    assert f"{stated.assessed_on:%Y-%m-%d}" in of("impact-assessment")
    assert str(stated.purpose_in_words) in of("technical-documentation")


def test_no_paper_names_a_person() -> None:
    make_contribution(giver=make_user("alice"))
    version = make_examined()
    model_versions.override(version, by=make_user("tom"), reason="It is better.")
    for paper in collection.make():
        for word in ("alice", "tom@", "example.org"):
            assert word not in paper.text


def test_the_command_writes_whole_pages_and_an_index(tmp_path, capsys) -> None:
    make_examined("mien-1")
    make_release("a/b")
    make_release("a b")
    call_command("papers", tmp_path)
    call_command("papers", tmp_path)
    files = {path.name for path in tmp_path.iterdir()}
    assert len(files) == 3 + 1 + 2 + 1
    assert "model-card-mien-1.html" in files
    index = Links((tmp_path / "index.html").read_text())
    assert {*index.leads_to, "index.html"} == files
    for name in files:
        assert Links((tmp_path / name).read_text()).open_tags == []
    assert "technical-documentation.html: Technical" in capsys.readouterr().out


def test_where_nothing_can_be_written_it_says_so(tmp_path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CommandError):
        call_command("papers", tmp_path / "file")


class Links(HTMLParser):
    """Where a page leads, and which of its tags are never closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.leads_to: list[str] = []
        self.open_tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.leads_to += [value for name, value in attrs if name == "href" and value]
        if tag not in ("meta", "br", "hr"):
            self.open_tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open_tags.pop() == tag


def test_markup_in_markdown_stays_text_and_links_lead_to_the_web() -> None:
    html = markdown.to_html(
        "<script>x</script> [a](javascript:x) [b](https://b.example)"
    )
    assert "<script>" not in html
    assert 'href="javascript' not in html
    assert '<a href="https://b.example">b</a>' in html
    assert markdown.to_html(markdown.literal("*a* `b` [c](d)\n# e")) == (
        "<p>*a* `b` [c](d) # e</p>\n"
    )
