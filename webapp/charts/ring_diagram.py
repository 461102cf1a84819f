"""Two columns of names, givers and voters, with a line for each two who agree."""

from collections.abc import Sequence
from dataclasses import dataclass

from webapp.charts.axes import Chart, Frame, Table

ROW = 26.0
LEAST, MOST = 1.0, 6.0  # width of a line


@dataclass(frozen=True)
class Agreement:
    giver: str
    voter: str
    met: int  # votes
    backed: int  # of those for what the giver says


def ring_diagram(
    givers: Sequence[str],
    voters: Sequence[str],
    agreements: Sequence[Agreement],
    *,
    title: str,
    giver_label: str,
    voter_label: str,
    backed_label: str,
) -> Chart:
    """The wider a line, the more votes it stands for."""
    rows = max(len(givers), len(voters), 1)
    frame = Frame(left=150, right=150, top=30, bottom=8, height=38 + ROW * rows)
    left, right = _places(givers, frame), _places(voters, frame)
    most = max((one.backed for one in agreements), default=1)
    lines = [
        {
            "y1": left[one.giver],
            "y2": right[one.voter],
            "width": round(LEAST + (MOST - LEAST) * one.backed / most, 1),
        }
        for one in agreements
    ]
    rows_of_table = [
        [one.giver, one.voter, f"{one.backed} / {one.met}"] for one in agreements
    ]
    table = Table([giver_label, voter_label, backed_label], rows_of_table)
    parts = {
        "givers": [{"name": name, "y": y} for name, y in left.items()],
        "voters": [{"name": name, "y": y} for name, y in right.items()],
        "lines": lines,
        "giver_label": giver_label,
        "voter_label": voter_label,
    }
    return Chart("charts/ring.html", title, table, frame, parts)


def _places(names: Sequence[str], frame: Frame) -> dict[str, float]:
    """The middle of each name's row; the shorter column stands in the middle."""
    room = (frame.y1 - frame.top) / max(len(names), 1)
    return {
        name: round(frame.top + (number + 0.5) * room, 1)
        for number, name in enumerate(names)
    }
