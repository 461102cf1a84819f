"""Ask for what a site for the public has to state, one by one, and write it down."""

import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from dotenv import dotenv_values, set_key

from webapp.config import public_mode
from webapp.config.public_mode import QUESTIONS, Question


class Command(BaseCommand):
    help = "State who answers for a site that the public can reach, and what it is for."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--file",
            type=Path,
            default=settings.BASE_DIR / ".env",
            help="the environment file (.env beside manage.py)",
        )
        parser.add_argument(
            "--check", action="store_true", help="only say what is missing or unfit"
        )
        for question in QUESTIONS:
            parser.add_argument(_option(question), help=question.asks)

    def handle(self, *args: Any, file: Path, check: bool, **options: Any) -> None:
        known = _known(file)
        if check:
            self._report(public_mode.faults(known))
            return
        answers = {one.name: options[one.name.lower()] for one in QUESTIONS}
        if any(answers.values()):
            answers = known | {name: text for name, text in answers.items() if text}
        elif sys.stdin.isatty():
            answers = {one.name: self._ask(one, known[one.name]) for one in QUESTIONS}
        else:
            raise CommandError("There is nobody to ask: give the answers as options.")
        answers = {name: _as_written(text) for name, text in answers.items()}
        self._report(public_mode.faults(answers))
        _write(file, answers)
        self.stdout.write(f"Written to {file}. Start the site anew with it.")

    def _ask(self, question: Question, known: str) -> str:
        """Until the answer fits; what is known already is taken by Enter alone."""
        self.stdout.write(f"\n{question.asks}")
        for number, option in enumerate(question.options, start=1):
            self.stdout.write(f"  {number}  {option}")
        while True:
            said = input(f"{question.name}{f' [{known}]' if known else ''}: ").strip()
            answer = _as_written(_by_number(question, said) or known)
            if not (why := public_mode.fault(question, answer)):
                return answer
            self.stdout.write(f"{question.name} {why}")

    def _report(self, faults: list[str]) -> None:
        if faults:
            raise CommandError("\n".join(["Not all is stated yet:", *faults]))


def _option(question: Question) -> str:
    return f"--{question.name.lower().replace('_', '-')}"


def _known(file: Path) -> dict[str, str]:
    """What the file says, and where it does not, the environment."""
    written = dotenv_values(file, interpolate=False) if file.exists() else {}
    return {
        one.name: written.get(one.name) or public_mode.given(one) for one in QUESTIONS
    }


def _by_number(question: Question, said: str) -> str:
    if said.isdigit() and 0 < int(said) <= len(question.options):
        return question.options[int(said) - 1]
    return said


def _as_written(answer: str) -> str:
    """With a typographic apostrophe, which needs no escape."""
    return answer.strip().replace("'", "\N{RIGHT SINGLE QUOTATION MARK}")


def _write(file: Path, answers: dict[str, str]) -> None:
    for name, value in answers.items():
        set_key(file, name, value, follow_symlinks=True)
