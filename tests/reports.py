"""A report as `ml compare` writes it, with round figures."""

from typing import Any

from ml.emotions import EMOTIONS


def make_side(name: str, accuracy: float, **figures: Any) -> dict[str, Any]:
    right = round(100 * accuracy)
    rest = (100 - right) // 6
    matrix = [[right if i == j else rest for j in range(7)] for i in range(7)]
    recall = {
        str(e): {"value": accuracy, "low": accuracy - 0.05, "high": accuracy + 0.05}
        for e in EMOTIONS
    }
    return {
        "name": name,
        "accuracy": accuracy,
        "accuracy_ci": [accuracy - 0.01, accuracy + 0.01],
        "macro_f1": accuracy,
        "recall": recall,
        "confusion": matrix,
        "ece": 0.03,
        "ferplus": None,
        "bytes": 2_400_000,
        "multiply_adds": 94_000_000,
        "ms": 0.5,
        **figures,
    }


def make_difference(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.03, "high": value + 0.03, "n": 100}


def make_report(**parts: Any) -> dict[str, Any]:
    return {
        "format": 2,
        "outcome": "promoted",
        "sentence": "Promoted: better.",
        "reasons": [{"code": "better"}],
        "policy": "improves",
        "exam": {"hash": "ab" * 32, "n": 700, "slices": [{"name": "public", "n": 700}]},
        "champion": make_side("old", 0.6),
        "challenger": make_side("new", 0.7),
        "difference": {
            "accuracy": 0.1,
            "low": 0.08,
            "high": 0.12,
            "mcnemar_p": 0.0001,
            "champion_only": 10,
            "challenger_only": 80,
            "macro_f1": make_difference(0.1),
            "ferplus": None,
            "recall": {str(e): make_difference(0.1) for e in EMOTIONS},
            "slices": {"public": make_difference(0.1)},
        },
        "guards": [
            {"name": "recall:angry", "n": 100, "loss": -0.1, "p": 0.9, "broken": False},
            {"name": "bytes", "n": 2_400_000, "loss": 0, "p": 1, "broken": False},
        ],
        "changed": {"fixed": [], "broken": []},
        **parts,
    }
