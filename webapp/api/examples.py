"""Examples of what the API takes and gives, for its description; tests check each
against its type."""

from drf_spectacular.utils import OpenApiExample

FACE = {
    "box": [201, 77, 180, 240],
    "score": 0.93,
    "emotion": "happy",
    "is_sure": True,
    "runner_up": None,
    "doubt": None,
    "probabilities": {
        "angry": 0.01,
        "disgust": 0.0,
        "fear": 0.01,
        "happy": 0.92,
        "sad": 0.01,
        "surprise": 0.02,
        "neutral": 0.03,
    },
}

PHOTO = OpenApiExample(
    "One face",
    value={
        "model": "base",
        "answer": "mix",
        "detector": "yunet",
        "width": 640,
        "height": 480,
        "note": None,
        "faces": [FACE],
    },
    response_only=True,
    status_codes=["200"],
)

GIFT = OpenApiExample(
    "A happy face",
    value={
        "crop": "/9j/4AAQSkZJRg…",
        "token": "…",
        "emotion": "happy",
        "adult": True,
        "keep": True,
        "may_be_seen": False,
        "may_be_released": False,
    },
    request_only=True,
)

REPORT = OpenApiExample(
    "A child",
    value={"face": "0b8cf3a5-7d0e-4d5e-9a43-6c2b8d3f1e70", "reason": "child"},
    request_only=True,
)

WISH = OpenApiExample("The usual", value={"preset": "finetune"}, request_only=True)
