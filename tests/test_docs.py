"""The documents agree with the code."""

import ast
import re
import runpy
import subprocess
from pathlib import Path

import pytest

from deploy import locks
from ml import __version__

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
CHANGELOG = (ROOT / "CHANGELOG.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
DOCUMENTS = {"README.md": README, "CONTRIBUTING.md": CONTRIBUTING}
MAPS = {
    name: (ROOT / "docs" / name).read_text()
    for name in ("architecture.md", "glossary.md", "how-it-works.md", "security.md")
}
ELSEWHERE = {"POSTGRES_PASSWORD"}  # read by compose.yaml
OF_OTHERS = {
    "KAGGLE_CONFIG_DIR",  # where Kaggle's own program looks
    "PROMETHEUS_MULTIPROC_DIR",  # between the supervisor and its children
}


def names_read() -> set[str]:
    """Every name that the site reads from the environment."""
    names = set()
    for file in [*(ROOT / "webapp").rglob("*.py"), *(ROOT / "deploy").rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            called, first = ast.unparse(node.func), node.args[0]
            reads = called.startswith("env.") or called == "os.environ.get"
            if reads and isinstance(first, ast.Constant) and first.value.isupper():
                names.add(first.value)
    return names


def test_env_example_names_what_the_settings_read_and_nothing_else() -> None:
    example = (ROOT / "deploy" / "env.example").read_text()
    listed = re.findall(r"^#?([A-Z][A-Z0-9_]+)=", example, re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert set(listed) == names_read() - OF_OTHERS | ELSEWHERE


def test_compose_sets_only_names_that_are_read() -> None:
    compose = (ROOT / "deploy" / "compose.yaml").read_text()
    known = names_read() | ELSEWHERE | {"POSTGRES_USER", "POSTGRES_DB"}
    assert set(re.findall(r"^\s+([A-Z][A-Z0-9_]+):", compose, re.MULTILINE)) <= known


def test_the_web_image_gets_everything_but_training() -> None:
    """`make lock` cuts requirements.txt at this line."""
    assert locks.TRAINING == "# --- training"
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text()
    assert {locks.ALL.name, locks.WEB.name} <= set(re.split(r"[\s/]", dockerfile))
    requirements = (ROOT / "requirements.txt").read_text()
    site, training = re.split("^# --- training.*$", requirements, flags=re.MULTILINE)
    assert "tensorflow" not in site
    assert "django" in site
    assert "tensorflow" in training


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_file_that_a_document_names_is_there(name: str) -> None:
    text = DOCUMENTS[name]
    links = re.findall(r"\]\((?!http|#)([^)#]+)", text)
    code = re.findall(r"`((?:[\w.-]+/)+[\w.-]*)`", text)
    missing = [path for path in links + code if not (ROOT / path).exists()]
    made_at_run_time = ("data/", ".data/", "tests/bench/")
    assert [path for path in missing if not path.startswith(made_at_run_time)] == []


@pytest.mark.parametrize("name", MAPS)
def test_every_file_that_a_map_of_the_house_names_is_there(name: str) -> None:
    named = re.findall(r"`((?:[\w.-]+/)+[\w.-]*)`", MAPS[name])
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_glossary_has_at_most_forty_words() -> None:
    rows = re.findall(r"^\| (?!word)[^|-]+ \| .+ \| .+ \|$", MAPS["glossary.md"], re.M)
    assert 30 < len(rows) <= 40


def test_the_picture_of_the_rooms_is_drawn_from_the_rooms() -> None:
    draw = runpy.run_path(str(ROOT / "docs" / "architecture" / "draw.py"))
    drawn = (ROOT / "docs" / "architecture" / "rooms.svg").read_text()
    assert drawn == draw["picture"]() + "\n"


def test_every_room_says_what_it_is_for() -> None:
    for package in ("deploy", "webapp", "workers", "labeling", "ml"):
        for room in (ROOT / package).glob("*/__init__.py"):
            if room.parent.name not in ("management", "migrations", "templatetags"):
                assert room.read_text().startswith('"""'), room


def test_no_room_holds_more_than_sixteen_modules() -> None:
    for package in ("deploy", "webapp", "workers", "labeling", "ml"):
        for room in [ROOT / package, *(ROOT / package).rglob("*")]:
            if room.name == "migrations":  # a history, in which nobody looks around
                continue
            modules = [f for f in room.glob("*.py") if f.name != "__init__.py"]
            assert len(modules) <= 16, room


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_verb_that_a_document_names_is_in_the_makefile(name: str) -> None:
    verbs = set(re.findall(r"^([a-z]+):.*##", MAKEFILE, re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)`", DOCUMENTS[name])) <= verbs
    assert len(verbs) <= 12


def test_the_readme_lists_every_verb() -> None:
    verbs = set(re.findall(r"^([a-z]+):.*##", MAKEFILE, re.MULTILINE))
    table = "".join(re.findall(r"^\| `make .*$", README, re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)", table)) == verbs


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_setting_that_a_document_names_exists(name: str) -> None:
    words = re.findall(r"`([A-Z][A-Z0-9]*_[A-Z0-9_]+)", DOCUMENTS[name])
    assert set(words) <= names_read() | ELSEWHERE


def test_every_top_level_folder_of_code_is_on_the_map() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    folders = {path.split("/")[0] for path in listed if "/" in path}
    for folder in folders - {".ci"}:
        assert f"`{folder}/`" in README, folder


def test_the_changelogs_top_heading_is_the_version() -> None:
    [first, *_] = re.findall(r"^## (\S+)", CHANGELOG, re.MULTILINE)
    assert first == __version__
