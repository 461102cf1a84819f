import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from labeling.contributions import imports
from labeling.contributions.imports import Outcome
from ml.data import dataset_layouts, labelled_folders
from ml.data.arrays import BadData
from ml.data.labelled_folders import Survey


class Command(BaseCommand):
    help = (
        "Bring in faces from folders named after emotions, or from a zip or tar of "
        "such. Run it again and only new files are taken; withdrawn ones never come "
        "back."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("folder", type=Path, help="A folder, or a zip or tar archive.")
        add("--source", required=True, help="Name of the collection.")
        add(
            "--basis",
            required=True,
            help="Why we may keep and train on these faces, as text for the record.",
        )
        add("--cropped", action="store_true", help="Each picture is a face already.")
        add("--may-be-seen", action="store_true", help="Voters may look at them.")
        add("--may-be-released", action="store_true", help="Dataset releases may hold.")
        add(
            "--layout",
            choices=dataset_layouts.LAYOUTS,
            help="The set whose numbers and lists of labels are meant.",
        )
        add(
            "--labels",
            default="",
            metavar="NAME=EMOTION,…",
            help="What folders are called, as in 1=surprise,natural=neutral.",
        )
        add(
            "--skip-unknown",
            action="store_true",
            help="Leave out folders that say no emotion; else they stop the import.",
        )
        add("--dry-run", action="store_true", help="Say what would be; keep nothing.")
        add("--csv", type=Path, help="Where to list every file, and what became of it.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["basis"].strip() or not options["source"].strip():
            raise CommandError("--source and --basis need some words.")
        source = imports.Source(
            name=options["source"].strip()[:100],
            basis=options["basis"].strip(),
            is_cropped=options["cropped"],
            may_be_seen=options["may_be_seen"],
            may_be_released=options["may_be_released"],
        )
        try:
            labelling = labelled_folders.labelling_of(
                options["layout"], options["labels"], options["skip_unknown"]
            )
            found = labelled_folders.survey(options["folder"], labelling)
        except BadData as why:
            raise CommandError(f"Nothing was imported. {why}.") from why
        taken = imports.take_all(found.pictures, source, is_trial=options["dry_run"])
        with _listed(_told(found, taken), options["csv"]) as outcomes:
            self._report(outcomes, len(found.pictures), **options)

    def _report(
        self,
        outcomes: Iterable[Outcome],
        total: int,
        *,
        verbosity: int,
        dry_run: bool,
        **_options: Any,
    ) -> None:
        counts: Counter[str] = Counter()
        step = max(1, total // 20)
        for n, outcome in enumerate(outcomes, start=1):
            counts[outcome.code] += 1
            if verbosity > 1 and outcome.message:
                self.stderr.write(f"{outcome.path}: {outcome.message}")
            if verbosity and n <= total and (n % step == 0 or n == total):
                self.stdout.write(f"{n} of {total}, {counts['kept']} kept")
        for code, count in sorted(counts.items()):
            self.stdout.write(f"{code}: {count}")
        if dry_run:
            self.stdout.write("A trial: nothing was kept.")


def _told(found: Survey, taken: Iterator[Outcome]) -> Iterator[Outcome]:
    """What became of every file: first of the pictures, then of what is left out."""
    yield from taken
    for left in found.left_out:
        yield Outcome(str(left.file), "", left.reason)


@contextmanager
def _listed(
    outcomes: Iterator[Outcome], path: Path | None
) -> Iterator[Iterable[Outcome]]:
    """The same outcomes, each written to a CSV as well where there is a path."""
    if path is None:
        yield outcomes
        return
    try:
        file = path.open("w", newline="", encoding="utf-8")
    except OSError as why:
        raise CommandError(f"{path} cannot be written: {why.strerror}.") from why
    with file:
        table = csv.writer(file)
        table.writerow(["file", "emotion", "outcome", "message"])

        def write(outcome: Outcome) -> Outcome:
            table.writerow(
                [outcome.path, outcome.emotion, outcome.code, outcome.message]
            )
            return outcome

        yield map(write, outcomes)
