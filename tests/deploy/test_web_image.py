"""The site runs without what only training needs: the web image leaves it out."""

import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

IMPORT_ALL = """
import importlib, os, pkgutil, sys
sys.modules.update(dict.fromkeys(sys.argv[1:]))  # None: an import of it fails
os.environ["DJANGO_SETTINGS_MODULE"] = "webapp.config.settings"
import django
django.setup()
import webapp, workers, labeling
for package in (webapp, workers, labeling):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if module.name.endswith("__main__"):
            continue
        importlib.import_module(module.name)
"""


@pytest.mark.slow
def test_every_module_of_the_site_is_imported_without_the_training_packages() -> None:
    requirements = (ROOT / "requirements.txt").read_text()
    training = requirements.split("# --- training")[1].splitlines()[1:]
    wanted = {re.split(r"[~=<>\[ ]", line)[0] for line in training if line}
    modules = [
        module
        for module, owners in packages_distributions().items()
        if wanted & {owner.lower() for owner in owners}
    ]
    assert {"tensorflow", "keras", "sklearn", "matplotlib"} <= set(modules)
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, *modules],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
