"""`pip install .`: the wheel `mien-ml`, which holds `ml` and the base model and nothing
of the site, and gives the command `mien-ml`.

The site itself is not installed: it runs from a clone (README). What the wheel needs is
picked from requirements.txt, where versions stand once.
"""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
DETECTING = [
    "numpy",
    "onnxruntime",
    "opencv-python-headless",
    "pillow",
    "pillow-heif",
    "pydantic",
]
MEASURING = ["jinja2", "markupsafe", "scipy"]
TRAINING = [
    *("cleanlab", "keras", "matplotlib", "onnx", "pyarrow", "scikit-learn"),
    *("tensorflow", "tf2onnx"),
]


def required(*names: str) -> list[str]:
    lines = (HERE / "requirements.txt").read_text().splitlines()
    known = {
        re.split(r"[\[<>=~!; ]", line)[0].lower(): line.split("#")[0].strip()
        for line in lines
        if line and line[0].isalpha()
    }
    return [known[name] for name in names]


def version() -> str:
    found = re.search(
        r'__version__ = "(.+)"', (HERE / "ml" / "__init__.py").read_text()
    )
    return found[1] if found else "0"


setup(
    name="mien-ml",
    version=version(),
    description="Facial expressions, from a shell or as a library",
    python_requires=">=3.11",
    packages=[*find_packages(include=["ml", "ml.*"]), "ml.base_model"],
    package_dir={"ml": "ml", "ml.base_model": "models/base"},
    package_data={
        "ml": ["**/*.html", "**/*.json"],
        "ml.base_model": ["model.onnx", "model.keras", "card.json"],
    },
    install_requires=required(*DETECTING),
    extras_require={
        "evaluate": required(*MEASURING),
        "train": required(*MEASURING, *TRAINING),
    },
    entry_points={"console_scripts": ["mien-ml = ml.__main__:run_from_shell"]},
)
