"""The whole of a retraining: snapshot, training and exam as subprocesses, verdict.

Every stage looks first at what an earlier attempt has left in Postgres (snapshot,
checkpoint, version), so a run that was taken over goes on where it stood.
"""

import errno
import logging
import time
from functools import partial
from pathlib import Path
from typing import Unpack

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from labeling.contributions import fer2013_test_set
from labeling.datasets import snapshots
from labeling.errors import Refused
from labeling.models import Checkpoint, ModelVersion, Snapshot, TrainingRun
from labeling.registry import lineage, model_files, model_versions
from labeling.training import exams, run_options, training_runs
from ml.data.snapshot import Manifest
from ml.errors import BadArtefact
from ml.training_events import BadEvent, Epoch, EpochFigures, Event, Start, Step
from workers.retrain import hosts, ml_arguments, ml_subprocess, workspace
from workers.retrain.ml_subprocess import SubprocessFailed
from workers.retrain.run_lease import RunLease, Stopped

log = logging.getLogger(__name__)

Status = TrainingRun.Status
# Saving may take this share of the time; what is newer is lost with the machine.
CHECKPOINT_SHARE = 0.05


def _call_nobody(_run_id: int, _expires: float) -> None:
    """Hosts that shall join come by themselves."""


def retrain(run_id: int, *, call: hosts.Call = _call_nobody) -> ModelVersion | None:
    """Work on a run if it waits; the version whose exam went on record. `call` asks
    another host to join."""
    with RunLease(run_id) as lease:
        if lease.attempt is None:
            return None
        try:
            with workspace.folder(run_id, lease.attempt) as folder:
                return _Retraining(lease, lease.attempt, folder, call).conduct()
        except Stopped as stopped:
            _stop(run_id, lease.attempt, stopped.why)
        except training_runs.Lost:
            log.warning("run %s is another worker's now", run_id)
        except SubprocessFailed as failure:
            _subprocess_failed(run_id, lease.attempt, failure)
        except hosts.HostLost as lost:
            training_runs.lose(run_id, lease.attempt, reason=_lost(str(lost)))
        except Refused as refusal:
            training_runs.fail(run_id, lease.attempt, reason=str(refusal.message))
        except (BadArtefact, BadEvent) as failure:
            training_runs.fail(run_id, lease.attempt, reason=str(failure))
        except Exception as problem:
            log.exception("run %s failed", run_id)
            connection.close()
            training_runs.fail(run_id, lease.attempt, reason=_sentence(problem))
    return None


class _Retraining:
    def __init__(
        self, lease: RunLease, attempt: int, folder: Path, call: hosts.Call
    ) -> None:
        self.call = call
        self.lease = lease
        self.attempt = attempt
        self.folder = folder
        self.run = TrainingRun.objects.get(pk=lease.run_id)
        self.save_next_at = time.monotonic()

    def conduct(self) -> ModelVersion:
        self.lease.retry_on_disconnect(fer2013_test_set.check_host)
        snapshot = self._snapshot()
        version = ModelVersion.objects.filter(run=self.run).first()
        version = version or self._train(snapshot)
        self._enter(Status.EXAMINING, _("The exam: the new model and the current one."))
        while True:
            try:
                self._examine(snapshot, version)
                return version
            except exams.Outdated:
                self._note(log="the champion has changed: the exam once more")

    def _snapshot(self) -> Snapshot:
        self._enter(Status.SNAPSHOT, _("Collecting the faces."))
        freeze = partial(
            snapshots.freeze,
            self.run,
            self.attempt,
            self.folder / "snapshot",
            go_on=self.lease.go_on,
        )
        snapshot = self.lease.retry_on_disconnect(freeze)
        counts = Manifest.model_validate(snapshot.manifest)
        self._note(
            log=f"snapshot {snapshot.hash[:12]}: {counts.rows} contributions, "
            f"{counts.doubted_labels} with a doubted label, "
            f"{counts.exam_rows} for the exam, FER-2013: "
            f"{'yes' if counts.fer2013 else 'no'}"
        )
        return snapshot

    def _train(self, snapshot: Snapshot) -> ModelVersion:
        out = self.folder / "out"
        parent = self._parent()
        command = ml_arguments.train(self.run, self.folder, parent)
        if self._unpack_checkpoint(out):
            command += ["--resume"]
        self._enter(Status.TRAINING, _("Training."))
        group = hosts.gather(
            self.run, self.lease, self.attempt, note=self._note, call=self.call
        )
        ml_subprocess.train(
            [*command, *group.arguments()],
            go_on=group.go_on,
            on_event=self._on_event,
            environment=group.environment(),
        )
        return self.lease.retry_on_disconnect(partial(self._add, out, parent))

    def _add(self, out: Path, parent: ModelVersion | None) -> ModelVersion:
        with training_runs.fenced(self.run.pk, self.attempt) as run:
            return model_versions.add(run, out, parent=parent)

    def _parent(self) -> ModelVersion | None:
        """Where to start from; fixed at the first attempt, for a checkpoint fits it."""
        if not run_options.starts_warm(self.run):
            return None
        if self.run.parent and self.run.parent.contaminated_at is None:
            return self.run.parent
        parent = lineage.nearest_uncontaminated(model_versions.current())
        self._note(
            parent=parent,
            log=f"warm start from {parent.name}" if parent else "from scratch",
        )
        if self.run.parent_id:
            # Its former start has been withdrawn from: so has what came of it.
            Checkpoint.objects.filter(run=self.run).delete()
        self.run.parent = parent
        return parent

    def _unpack_checkpoint(self, out: Path) -> bool:
        saved = Checkpoint.objects.filter(run=self.run).first()
        if saved is None:
            return False
        workspace.unpack(bytes(saved.content), out)
        self._note(log=f"resumed after epoch {saved.epoch}")
        return True

    def _on_event(self, event: Event) -> None:
        match event:
            case Start():
                self._note(log=f"{event.rows} faces, {event.epochs} epochs")
            case Step():
                self._note(progress=event.progress, seconds_left=event.seconds_left)
            case Epoch():
                self._epoch(event)

    def _epoch(self, event: Epoch) -> None:
        act = partial(
            training_runs.record,
            self.run.pk,
            self.attempt,
            event,
            message=_("Training: epoch %(epoch)s of %(epochs)s.")
            % {"epoch": event.epoch, "epochs": event.epochs},
            log=_figures(event),
        )
        self.lease.retry_on_disconnect(act)
        began = time.monotonic()
        if began >= self.save_next_at or event.epoch == event.epochs:
            self._save_checkpoint(event)
            took = time.monotonic() - began
            self.save_next_at = began + took / CHECKPOINT_SHARE

    def _save_checkpoint(self, event: Epoch) -> None:
        save = partial(
            training_runs.save_checkpoint,
            self.run.pk,
            self.attempt,
            epoch=event.epoch,
            content=workspace.pack(Path(event.checkpoint)),
        )
        self.lease.retry_on_disconnect(save)

    def _examine(self, snapshot: Snapshot, version: ModelVersion) -> None:
        champion = model_versions.current()
        served = model_files.SERVED
        command: list[str | Path] = [
            "compare",
            model_files.fetch(champion, names=served) if champion else "-",
            model_files.fetch(version, names=served),
            *ml_arguments.fer2013(),
            "--json",
            *("--detector", settings.FACE_DETECTOR),
        ]
        if Manifest.model_validate(snapshot.manifest).exam_rows:
            command += ["--snapshot", self.folder / "snapshot"]
        policy = run_options.of(self.run).policy or settings.PROMOTION_POLICY
        command += ["--policy", policy]
        report = ml_subprocess.ask(command, go_on=self.lease.go_on)
        if report is None or "outcome" not in report:
            raise SubprocessFailed(_("The exam gave no report."), code=1, tail="")
        record = partial(
            exams.record,
            self.run.pk,
            self.attempt,
            champion=champion,
            challenger=version,
            report=report,
        )
        self.lease.retry_on_disconnect(record)

    def _enter(self, status: Status, message: str) -> None:
        act = partial(training_runs.enter, self.run.pk, self.attempt, status, message)
        self.lease.retry_on_disconnect(act)

    def _note(self, *, log: str = "", **changes: Unpack[training_runs.Changes]) -> None:
        act = partial(training_runs.note, self.run.pk, self.attempt, log=log, **changes)
        self.lease.retry_on_disconnect(act)


def measure(version_id: int) -> None:
    """PrivateTest, once, for a version whose decision is on record."""
    version = ModelVersion.objects.get(pk=version_id)
    if not settings.FER2013 or not exams.may_measure(version):
        return
    figures = ml_subprocess.ask(evaluate_command(version), go_on=lambda: None)
    if figures is None:
        raise SubprocessFailed(_("The exam gave no report."), code=1, tail="")
    exams.record_private_test(version, figures)


def evaluate_command(version: ModelVersion) -> list[str | Path]:
    folder = model_files.fetch(version, names=model_files.SERVED)
    return ["evaluate", folder, *ml_arguments.fer2013(), "--split", "private", "--json"]


def _figures(event: EpochFigures) -> str:
    names = ("loss", "accuracy", "tune_loss", "tune_accuracy")
    figures = [f"{n} {value:.4f}" for n in names if (value := getattr(event, n))]
    return f"epoch {event.epoch}/{event.epochs}: {', '.join(figures)}"


def _stop(run_id: int, attempt: int, why: str) -> None:
    if why == "cancelled":
        training_runs.stop(run_id, attempt)
    elif why == "shutdown":
        message = _("The worker was told to end; the next one goes on.")
        training_runs.hand_back(run_id, attempt, message=message)


def _subprocess_failed(run_id: int, attempt: int, failure: SubprocessFailed) -> None:
    if failure.tail:
        training_runs.note(run_id, attempt, log=failure.tail)
    if failure.was_killed:
        reason = _("The training was killed, most likely for want of memory.")
        training_runs.lose(run_id, attempt, reason=reason)
    elif failure.lost_another:
        reason = _lost(failure.sentence)
        training_runs.lose(run_id, attempt, reason=reason)
    elif failure.was_ended:
        reason = _("Somebody has ended the training from outside.")
        training_runs.lose(run_id, attempt, reason=reason)
    else:
        training_runs.fail(run_id, attempt, reason=_told(failure.sentence))


def _lost(what: str) -> str:
    return _("Training on several hosts has ended: %(what)s.") % {"what": what}


def _told(sentence: str) -> str:
    if "No space left on device" in sentence:
        return _("The disk is full.")
    if "MemoryError" in sentence:
        return _("There was not enough memory for the training.")
    return sentence.removeprefix("train: ").removeprefix("compare: ")


def _sentence(problem: Exception) -> str:
    if isinstance(problem, OSError) and problem.errno == errno.ENOSPC:
        return _("The disk is full.")
    return _("Unexpected: %(problem)s") % {"problem": f"{problem!r}"[:300]}
