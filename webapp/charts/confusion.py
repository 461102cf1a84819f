"""What a face was labelled against what the model said, as a shaded square."""

from collections.abc import Sequence

from webapp.charts.axes import Chart, Frame, Table, Tick


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
    cell, left, top = 44.0, 70.0, 42.0
    frame = Frame(
        width=left + cell * len(names) + 8,
        height=top + cell * len(names) + 8,
        left=left,
        right=8,
        top=top,
        bottom=8,
    )
    cells: list[dict[str, object]] = []
    for i, row in enumerate(matrix):
        whole = sum(row) or 1
        for j, n in enumerate(row):
            share = n / whole
            cells.append(
                {
                    "x": left + j * cell,
                    "y": top + i * cell,
                    "middle_x": left + (j + 0.5) * cell,
                    "middle_y": top + (i + 0.5) * cell + 4,
                    "shade": min(9, round(share * 10)),
                    "percent": round(share * 100),
                    "right": i == j,
                    "title": f"{names[i]} → {names[j]}: {n} ({share:.0%})",
                }
            )
    return Chart(
        template="charts/confusion.html",
        title=title,
        frame=frame,
        table=Table(
            head=[f"{row_label} \\ {column_label}", *names],
            rows=[
                [name, *(str(n) for n in row)]
                for name, row in zip(names, matrix, strict=True)
            ],
        ),
        parts={
            "cell": cell,
            "cells": cells,
            "row_label": row_label,
            "column_label": column_label,
            "rows": [
                Tick(top + (i + 0.5) * cell + 4, name) for i, name in enumerate(names)
            ],
            "columns": [
                Tick(left + (j + 0.5) * cell, emoji) for j, emoji in enumerate(emojis)
            ],
        },
    )
