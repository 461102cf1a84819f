"""What a site that others reach has to state, and the command that asks for it."""

import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from dotenv import dotenv_values

from deploy.supervisor import preflight
from tests.support.public_site import STATED
from tests.webapp.config.test_settings import run
from webapp.config import public_mode
from webapp.config.startup_error import StartupError

HERE, THERE = "http://127.0.0.1:8000", "https://mien.example"


def options(**changed: str) -> dict[str, str]:
    return {name.lower(): text for name, text in (STATED | changed).items()}


def test_a_site_of_ones_own_machine_states_nothing() -> None:
    for url in ("", HERE, "http://localhost", "https://[::1]:8443"):
        assert public_mode.unstated(url) == []


def test_a_site_that_others_reach_names_all_that_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    missing = public_mode.unstated(THERE)
    assert [line.split()[0] for line in missing] == list(STATED)
    for name, text in STATED.items():
        monkeypatch.setenv(name, text)
    assert public_mode.unstated(THERE) == []


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("PURPOSE", "recruitment", "schools and policing cannot be chosen"),
        ("LEGAL_BASIS", "because", "one of consent"),
        ("CONTROLLER_CONTACT", "http://plain.example", "an email address or"),
        ("CONTROLLER", "Ada\nSITE_URL=x", "one line"),
        ("CONTROLLER", "$(rm)", "one line"),
        ("NOT_AT_WORK_NOT_IN_SCHOOLS", "yes", "the name of the person"),
        ("MINIMUM_AGE", "6", "from 13"),
        ("KEEP_WAITING_DAYS", "0", "a number of days"),
        ("IMPACT_ASSESSMENT", "last week", "a day as"),
        ("IMPACT_ASSESSMENT", "2999-01-01", "has not come yet"),
    ],
)
def test_an_answer_that_does_not_fit_is_named_with_the_reason(
    name: str, value: str, why: str
) -> None:
    [said] = public_mode.faults(STATED | {name: value})
    assert said.startswith(name)
    assert why in said


def test_the_document_names_every_answer_and_purpose() -> None:
    text = (Path(public_mode.__file__).parents[2] / "docs" / "public.md").read_text()
    choices = [option for one in public_mode.QUESTIONS for option in one.options]
    for name in [*STATED, *choices]:
        assert f"`{name}`" in text


def test_neither_supervisor_nor_web_begins_without(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    preflight.controller()
    monkeypatch.setenv("SITE_URL", THERE)
    with pytest.raises(StartupError, match="IMPACT_ASSESSMENT is not set"):
        preflight.controller()


@pytest.mark.slow
@pytest.mark.parametrize(
    "program",
    [
        ("-m", "deploy.supervisor"),
        ("-m", "deploy.supervisor", "--only", "web"),
        ("-m", "deploy.supervisor.prepare"),
        ("-m", "celery", "-A", "workers.app:app", "worker", "-Q", "training"),
        ("-m", "celery", "-A", "workers.app:app", "beat"),
    ],
)
def test_no_role_starts_that_way(tmp_path: Path, program: tuple[str, ...]) -> None:
    done = run(tmp_path, *program, SITE_URL=THERE)
    assert done.returncode == 1
    assert "PURPOSE is not set" in done.stderr
    assert not (tmp_path / "data" / "postgres").exists()


def test_the_answers_are_written_where_a_start_finds_them(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("# mine\nSECRET_KEY=kept\nPURPOSE=research\n")
    file.chmod(0o600)
    call_command("public_mode", file=file, **options(controller="Flann O'Brien"))
    assert file.read_text().startswith("# mine\nSECRET_KEY=kept\n")
    assert file.stat().st_mode & 0o777 == 0o600
    assert dotenv_values(file) == {
        "SECRET_KEY": "kept",
        **STATED,
        "CONTROLLER": "Flann O’Brien",
    }
    call_command("public_mode", "--check", file=file)


def test_a_shell_reads_the_file_as_it_was_meant(tmp_path: Path) -> None:
    file = tmp_path / "env"
    call_command("public_mode", file=file, **options())
    done = run(
        tmp_path,
        "-c",
        "import subprocess, sys; print(subprocess.run(['sh', '-c', "
        f"'. {file}; echo \"$CONTROLLER\"'], capture_output=True, text=True).stdout)",
    )
    assert done.stdout.strip() == STATED["CONTROLLER"]


def test_nothing_is_written_while_an_answer_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "env"
    with pytest.raises(CommandError, match="PURPOSE is 'policing'"):
        call_command("public_mode", file=file, **options(purpose="policing"))
    with pytest.raises(CommandError, match="CONTROLLER_CONTACT is not set"):
        call_command("public_mode", file=file, controller="Ada")
    with pytest.raises(CommandError, match="nobody to ask"):
        call_command("public_mode", file=file)
    assert not file.exists()


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_it_asks_one_by_one_and_again_after_an_answer_that_does_not_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, said = tmp_path / "env", StringIO()
    file.write_text("CONTROLLER='The Face Lab'\n")
    answers = [text for name, text in STATED.items() if name != "CONTROLLER"]
    typed = ["", *answers[:2], "schools", "1", *answers[3:]]
    monkeypatch.setattr(sys, "stdin", Terminal("".join(f"{one}\n" for one in typed)))
    call_command("public_mode", file=file, stdout=said)
    assert "schools and policing cannot be chosen" in said.getvalue()
    assert dotenv_values(file) == STATED | {
        "CONTROLLER": "The Face Lab",
        "PURPOSE": "research",
    }
