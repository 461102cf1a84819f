"""Where the model looked, as a transparent picture to lay over a face."""

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 96  # px: smooth enough at the size of a card, about 4 KB
GLOW = (255, 120, 20)
STRONGEST = 0.78  # opacity; the face must still be seen


def png(evidence: NDArray[np.uint8]) -> bytes:
    """uint8 [h, w] to a square PNG whose opacity is the evidence."""
    opacity = Image.fromarray(evidence).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    picture = Image.new("RGBA", (SIDE, SIDE), GLOW)
    picture.putalpha(opacity.point(lambda value: int(value * STRONGEST)))
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def data_url(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
