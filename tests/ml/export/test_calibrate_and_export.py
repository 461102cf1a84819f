"""Which of the two files ships: int8, or float32 where that costs faces."""

import numpy as np
import pytest

from ml.export.calibrate_and_export import costs_faces


@pytest.mark.parametrize(
    ("n", "lost", "won", "costs"),
    [
        (140, 2, 0, False),  # as chance would
        (140, 9, 0, True),
        (2700, 13, 0, False),  # within the half a point that int8 may cost
        (2700, 40, 20, True),
        (2700, 20, 40, False),
    ],
)
def test_int8_ships_unless_it_is_shown_to_cost_faces(
    n: int, lost: int, won: int, costs: bool
) -> None:
    labels = np.arange(n) % 7
    right = np.eye(7, dtype=np.float32)[labels]
    wrong = np.roll(right, 1, axis=1)
    before, after = right.copy(), right.copy()
    after[:lost] = wrong[:lost]
    before[lost : lost + won] = wrong[lost : lost + won]
    assert costs_faces(before, after, labels) is costs
