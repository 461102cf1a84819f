"""The experiment's machinery, on made faces and few trials."""

from pathlib import Path

import numpy as np
import pytest

from tests.bench.parts import page
from tests.experiments import gate_vetoes
from tests.support import training_data


def test_it_counts_vetoes_of_equal_and_of_worse_challengers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usages = ["Training"] * 70 + ["PublicTest"] * 14 + ["PrivateTest"] * 14
    labels = np.concatenate([np.arange(n) % 7 for n in (70, 14, 14)])
    fer = training_data.fer2013(tmp_path / "fer2013.csv")
    votes = training_data.ferplus(tmp_path / "fer2013new.csv", usages, labels)
    monkeypatch.setattr(gate_vetoes, "FER2013", fer)
    monkeypatch.setattr(gate_vetoes, "FERPLUS", votes)
    monkeypatch.setattr(gate_vetoes, "TRIALS", 2)
    monkeypatch.setattr(gate_vetoes, "COMMUNITY", 7)
    monkeypatch.setattr(page, "PAGE", tmp_path / "bench.md")
    gate_vetoes.main()
    written = (tmp_path / "bench.md").read_text()
    assert "14 faces of PublicTest" in written
    assert "20 points on disgust faces" in written
