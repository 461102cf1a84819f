"""The gate: exact tests, guard-rails and policies, on made answers."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from ml import __main__ as ml
from ml.emotions import EMOTIONS
from ml.evaluation import compare, exam_report, metrics
from ml.evaluation.compare import Candidate, ExamData
from tests.support import tiny_model, training_data

K = len(EMOTIONS)


def make_exam(
    labels: np.ndarray,
    *,
    majority: np.ndarray | None = None,
    slices: list[str] | None = None,
) -> ExamData:
    n = len(labels)
    none = np.full(n, -1)
    refs = [f"fer2013:{i}" for i in range(n)]
    votes = none if majority is None else majority
    parts = slices or ["public"] * n
    return ExamData("hash", EMOTIONS, labels, votes, refs, parts)


def make_side(said: np.ndarray, name: str = "a", **costs: int) -> Candidate:
    p = np.full((len(said), K), 0.05, np.float32)
    p[np.arange(len(said)), said] = 0.7
    return Candidate(name, p, **costs)


def examine(
    exam: ExamData, champion: Candidate | None, challenger: Candidate, **policy: str
) -> dict[str, Any]:
    """The report as `--json` prints it."""
    report = compare.compare(exam, champion, challenger, **policy).to_json()
    assert exam_report.parse(json.loads(json.dumps(report))).to_json() == report
    return report


def spoilt(labels: np.ndarray, rows: list[int] | np.ndarray) -> np.ndarray:
    """The labels, but wrong at `rows`."""
    said = labels.copy()
    said[rows] = (said[rows] + 1) % K
    return said


LABELS = np.arange(700) % K


@pytest.mark.parametrize("first", [0, 1, 2, 3, 9, 20, 40, 399])
@pytest.mark.parametrize("second", [0, 1, 2, 9, 11, 20, 400])
def test_mcnemar_is_the_exact_binomial_test(first: int, second: int) -> None:
    n = first + second
    both_tails = min(1.0, 2 * binom.cdf(min(first, second), n, 0.5))
    assert compare.mcnemar(first, second) == pytest.approx(both_tails)
    upper_tail = binom.sf(first - 1, n, 0.5) if n else 1.0
    harm = compare.mcnemar(first, second, alternative="greater")
    assert harm == pytest.approx(upper_tail)


def test_wilson_gives_the_textbook_interval() -> None:
    assert metrics.wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert metrics.wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("right", "n"), [(0, 1), (1, 1), (0, 9), (7, 9), (812, 1000)])
def test_wilson_is_scipys(right: int, n: int) -> None:
    theirs = binomtest(right, n).proportion_ci(method="wilson")
    assert metrics.wilson(right, n) == pytest.approx((theirs.low, theirs.high))


def test_intervals_are_seeded_and_as_wide_as_theory_has_it() -> None:
    champion = make_side(spoilt(LABELS, range(60)))
    challenger = make_side(spoilt(LABELS, range(60, 100)))
    reports = [examine(make_exam(LABELS), champion, challenger) for _ in "ab"]
    assert reports[0] == reports[1]
    found = reports[0]["difference"]
    assert found["low"] < found["accuracy"] < found["high"]
    variance = (100 - 20**2 / 700) / 700**2
    width = found["high"] - found["low"]
    assert width == pytest.approx(2 * 1.96 * np.sqrt(variance), rel=0.1)


def test_each_class_has_its_paired_difference_of_the_same_resamples() -> None:
    """Angry faces: 20 of 100 won; happy ones: all as they were; no neutral ones."""
    labels = np.arange(700) % 6
    champion = make_side(spoilt(labels, np.nonzero(labels == 0)[0][:20]))
    report = examine(make_exam(labels), champion, make_side(labels))
    recall = report["difference"]["recall"]
    n = int((labels == 0).sum())
    assert recall["angry"]["value"] == pytest.approx(20 / n, abs=1e-4)
    assert 0.08 < recall["angry"]["low"] < 20 / n < recall["angry"]["high"] < 0.26
    assert recall["happy"] == {"value": 0, "low": 0, "high": 0, "n": n}
    assert recall["neutral"] is None
    f1 = report["difference"]["macro_f1"]
    sides = report["challenger"]["macro_f1"], report["champion"]["macro_f1"]
    assert f1["value"] == pytest.approx(sides[0] - sides[1], abs=1e-4)
    assert 0 < f1["low"] < f1["value"] < f1["high"]


def test_each_slice_has_its_accuracies_and_their_difference() -> None:
    slices = ["public"] * 600 + ["community"] * 100
    champion = make_side(spoilt(LABELS, range(600, 650)))
    challenger = make_side(spoilt(LABELS, range(30)))
    report = examine(make_exam(LABELS, slices=slices), champion, challenger)
    assert report["exam"]["slices"] == [
        {"name": "public", "n": 600},
        {"name": "community", "n": 100},
    ]
    for side, public, community in (("champion", 1, 0.5), ("challenger", 0.95, 1)):
        found = report[side]["slices"]
        assert (found["public"]["value"], found["community"]["value"]) == (
            public,
            community,
        )
    difference = report["difference"]["slices"]
    assert difference["public"]["value"] == -0.05
    assert difference["community"]["low"] < 0.5 < difference["community"]["high"]
    assert difference["public"]["high"] < 0


def test_a_better_challenger_is_promoted_with_a_sentence() -> None:
    champion = make_side(spoilt(LABELS, range(100)))
    challenger = make_side(spoilt(LABELS, range(60)), "b")
    report = examine(make_exam(LABELS), champion, challenger)
    assert report["outcome"] == "promoted"
    assert report["sentence"].startswith("Promoted: the challenger named 640 of 700")
    assert report["difference"]["challenger_only"] == 40
    assert report["changed"]["broken"] == []
    assert len(report["changed"]["fixed"]) == 40
    assert report["changed"]["fixed"][0] == {
        "ref": "fer2013:60",
        "label": "sad",
        "champion": "surprise",
        "challenger": "sad",
    }
    json.dumps(report)


def test_an_equal_or_worse_challenger_leaves_the_champion() -> None:
    champion = make_side(spoilt(LABELS, range(50)))
    same = examine(make_exam(LABELS), champion, champion)
    assert (same["outcome"], same["reasons"][0]["code"]) == ("kept", "equal")
    worse = make_side(spoilt(LABELS, range(55)))
    report = examine(make_exam(LABELS), champion, worse)
    assert (report["outcome"], report["reasons"][0]["code"]) == ("kept", "worse")


def test_significance_may_be_demanded() -> None:
    champion = make_side(spoilt(LABELS, range(52)))
    challenger = make_side(spoilt(LABELS, range(2, 52)))
    exam = make_exam(LABELS)
    assert examine(exam, champion, challenger)["outcome"] == "promoted"
    strict = examine(exam, champion, challenger, policy="significant")
    assert (strict["outcome"], strict["reasons"][0]["code"]) == (
        "kept",
        "not_significant",
    )
    assert "which may be chance (p = 0.50)" in strict["sentence"]


def test_harm_to_one_class_rejects_a_better_challenger() -> None:
    happy = np.nonzero(LABELS == 3)[0]
    champion = make_side(spoilt(LABELS, np.nonzero(LABELS == 0)[0][:60]))
    challenger = make_side(spoilt(LABELS, happy[:20]))
    report = examine(make_exam(LABELS), champion, challenger)
    assert report["outcome"] == "rejected"
    assert [r["name"] for r in report["reasons"]] == ["recall:happy"]
    assert "on happy faces it lost 20.0 points" in report["sentence"]


def test_a_small_loss_in_one_class_is_no_veto() -> None:
    happy = np.nonzero(LABELS == 3)[0]
    champion = make_side(spoilt(LABELS, np.nonzero(LABELS == 0)[0][:30]))
    challenger = make_side(spoilt(LABELS, happy[:4]))
    assert examine(make_exam(LABELS), champion, challenger)["outcome"] == ("promoted")


def test_harm_against_the_raters_rejects() -> None:
    majority = spoilt(LABELS, range(100))
    champion = make_side(majority)
    challenger = make_side(LABELS)
    exam = make_exam(LABELS, majority=majority)
    report = examine(exam, champion, challenger)
    assert report["outcome"] == "rejected"
    assert "raters" in report["sentence"]


def test_a_network_too_large_is_rejected() -> None:
    challenger = make_side(LABELS, bytes=compare.MAX_BYTES + 1)
    champion = make_side(spoilt(LABELS, [1]))
    report = examine(make_exam(LABELS), champion, challenger)
    assert [r["name"] for r in report["reasons"]] == ["bytes"]


def test_the_first_champion_needs_no_rival() -> None:
    report = examine(make_exam(LABELS), None, make_side(LABELS))
    assert report["outcome"] == "promoted"
    assert report["champion"] is None


def test_equally_good_challengers_are_seldom_vetoed() -> None:
    """PublicTest's classes; each side errs on its own tenth of the faces."""
    sizes = [467, 56, 496, 895, 653, 415, 607]
    labels = np.repeat(np.arange(K), sizes)
    exam = make_exam(labels)
    random = np.random.default_rng(1)
    vetoed = 0
    for _ in range(1000):
        sides = [
            make_side(spoilt(labels, np.nonzero(random.random(len(labels)) < 0.1)[0]))
            for _ in range(2)
        ]
        vetoed += any(g.broken for g in compare.guards(exam, *sides))
    assert vetoed / 1000 <= 0.05


def test_the_command_promotes_the_network_that_knows_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny_model.make_artefact(tmp_path / "poor", name="poor", knows=3)
    tiny_model.make_artefact(tmp_path / "good", name="good")
    snapshot = training_data.snapshot(tmp_path / "snapshot", exam=70)
    arguments = ["--snapshot", str(snapshot), "--json"]
    for first, second, outcome in (
        ("poor", "good", "promoted"),
        ("good", "poor", "rejected"),
        ("good", "good", "kept"),
    ):
        folders = [str(tmp_path / first), str(tmp_path / second)]
        assert ml.main(["compare", *folders, *arguments]) == 0
        report = json.loads(capsys.readouterr().out)
        assert report["outcome"] == outcome
        assert report["exam"]["slices"] == [{"name": "community", "n": 70}]
    assert ml.main(["compare", "-", str(tmp_path / "poor"), *arguments]) == 0
    assert json.loads(capsys.readouterr().out)["outcome"] == "promoted"


def test_without_any_exam_the_command_refuses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny_model.make_artefact(tmp_path / "a")
    assert ml.main(["compare", "-", str(tmp_path / "a")]) == 3
    assert "no exam" in capsys.readouterr().err


def test_without_json_the_command_prints_what_a_person_compares(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny_model.make_artefact(tmp_path / "poor", knows=3)
    tiny_model.make_artefact(tmp_path / "good")
    snapshot = training_data.snapshot(tmp_path / "snapshot", exam=70)
    folders = [str(tmp_path / name) for name in ("poor", "good")]
    ml.main(["compare", *folders, "--snapshot", str(snapshot)])
    said = capsys.readouterr().out
    assert said.startswith("Promoted: ")
    assert "recall of neutral" in said
    assert "faces from wrong to right: 4" in said


def test_judging_what_is_served_loads_no_tensorflow() -> None:
    loaded = "{'tensorflow', 'keras'} & set(sys.modules)"
    modules = "ml.commands.compare, ml.evaluation.compare, ml.evaluation.exam_data"
    code = f"import sys, {modules}; print({loaded})"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert said.stdout.strip() == b"set()"
