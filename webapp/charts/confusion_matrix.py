"""What a face was labelled against what the model said, as a shaded square."""

from collections.abc import Sequence

from webapp.charts.axes import Chart, Frame, Table, Tick, room_for

CELL, LEFT, TOP, EDGE = 44.0, 70.0, 42.0, 8.0


def confusion(
    matrix: Sequence[Sequence[int]],
    *,
    names: Sequence[str],
    emojis: Sequence[str],
    title: str,
    row_label: str,
    column_label: str,
) -> Chart:
    """Rows are the labels, columns what the model said; shades are shares of a row."""
    left = room_for(names, least=LEFT, before=EDGE)
    side = CELL * len(names) + EDGE
    counts = [[str(n) for n in row] for row in matrix]
    return Chart(
        template="charts/confusion.html",
        title=title,
        frame=Frame(left + side, TOP + side, left, EDGE, TOP, EDGE),
        table=Table(
            head=[f"{row_label} \\ {column_label}", *names],
            rows=[[name, *row] for name, row in zip(names, counts, strict=True)],
        ),
        parts={
            "cell": CELL,
            "cells": [
                _cell(left, i, j, n / (sum(row) or 1), f"{names[i]} → {names[j]}: {n}")
                for i, row in enumerate(matrix)
                for j, n in enumerate(row)
            ],
            "row_label": row_label,
            "column_label": column_label,
            "rows": [Tick(_middle(TOP, i) + 4, name) for i, name in enumerate(names)],
            "columns": [Tick(_middle(left, j), sign) for j, sign in enumerate(emojis)],
        },
    )


def _cell(left: float, i: int, j: int, share: float, what: str) -> dict[str, object]:
    return {
        "x": left + j * CELL,
        "y": TOP + i * CELL,
        "middle_x": _middle(left, j),
        "middle_y": _middle(TOP, i) + 4,
        "shade": min(9, round(share * 10)),
        "percent": round(share * 100),
        "right": i == j,
        "title": f"{what} ({share:.0%})",
    }


def _middle(start: float, number: int) -> float:
    return start + (number + 0.5) * CELL
