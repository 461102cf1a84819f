"""What is installed is pinned, the same for all, and audited if that is said."""

import json
import re

import pytest

from deploy import licences, locks

PINNED = licences.PINNED


def test_both_lists_are_of_todays_requirements(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert locks.check() == 0, capsys.readouterr().err


@pytest.mark.parametrize("lock", [locks.ALL, locks.WEB], ids=lambda lock: lock.name)
def test_each_package_is_pinned_by_hash_and_no_registry_is_named(lock) -> None:
    text = lock.read_text()
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text
    blocks = re.split(r"\n(?=\S)", text)[1:]
    assert len(blocks) > 50
    for block in blocks:
        assert re.match(PINNED, block), block
        assert "--hash=sha256:" in block, block


def test_the_web_image_has_the_same_versions_and_nothing_of_training() -> None:
    whole, web = (dict(PINNED.findall(f.read_text())) for f in (locks.ALL, locks.WEB))
    assert web.items() < whole.items()
    assert {"tensorflow", "keras", "scikit-learn", "matplotlib"} <= whole.keys() - web
    assert "django" in web


def test_every_licence_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert licences.check() == 0, capsys.readouterr().err


ONE = {"name": "pillow", "version": "13.0.0", "vulns": []}
HOLE = {"id": "CVE-2026-1", "fix_versions": ["13.0.1"]}


@pytest.mark.parametrize(
    ("pinned", "code", "said"),
    [
        ([ONE], 0, "1 pinned packages, none with a known hole."),
        ([{**ONE, "vulns": [HOLE]}], 1, "pillow 13.0.0: CVE-2026-1; mended in 13.0.1"),
        ([ONE, {"name": "six", "skip_reason": "not found"}], 2, "NOT audited: of 2"),
        (None, 2, "NOT audited, the database of holes was not reached: no route"),
    ],
)
def test_an_audit_says_when_it_was_none(pinned, code, said, capsys) -> None:
    answer = "" if pinned is None else json.dumps({"dependencies": pinned})
    assert locks.told(answer, "a trace\nno route") == code
    assert said in capsys.readouterr().out
