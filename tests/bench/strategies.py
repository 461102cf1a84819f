"""How many faces a second one and two processes learn from, together one network.

    python -m tests.bench.strategies

Each process has a core of its own, as if it were a machine of its own, and the network
between them is that inside this machine: what remains to be lost is what TensorFlow's
exchange of gradients and of the statistics of batch normalisation takes.
"""

import json
import os
import platform
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from tests.bench.parts import page
from tests.support import several_processes, training_data

FACES, EPOCHS = 1_300, 6
TRIALS = (("vgg-quick", 128), ("vgg-quick", 512), ("vgg-lean", 128))


def main() -> None:
    cores = sorted(os.sched_getaffinity(0))[:2]
    if len(cores) < 2:
        sys.exit("strategies: this takes two cores.")
    with tempfile.TemporaryDirectory() as name:
        csv = Path(name) / "fer2013.csv"
        training_data.fer2013(csv, train=FACES)
        rows = []
        for network, batch in TRIALS:
            one, two = (faces_a_second(csv, cores[:n], network, batch) for n in (1, 2))
            figures = (f"{one:.0f}", f"{two:.0f}", f"{two / one:.2f}")
            rows.append([f"{network}, batches of {batch}", *figures])
            print(rows[-1], flush=True)
    head = ["network", "1 process", "2 processes", "times"]
    page.write_section(
        "strategies",
        f"""## Training in several processes

Faces a second that a network learns from (`python -m tests.bench.strategies`). Each
process has one core of {os.cpu_count()} ({platform.machine()}) on the same machine,
idle but for them: the fastest of five epochs, and no network between them.

{page.table(head, rows)}""",
    )


def faces_a_second(csv: Path, cores: list[int], network: str, batch: int) -> float:
    """In the fastest epoch but the first, which traces the graphs."""
    knobs = {
        "network": network,
        "batch": batch,
        "epochs": EPOCHS,
        "precision": "float32",
        "tune_every": 100,
    }
    chosen = [f"--set={name}={value}" for name, value in knobs.items()]
    command = ["train", str(csv), str(csv.parent / "out"), "--json", *chosen]
    learned, times = 0, []
    with several_processes.started(command, count=len(cores), cores=cores) as all_:
        assert all_[0].child.stdout
        for line in all_[0].child.stdout:
            event = json.loads(line)
            if event["event"] == "start":
                learned = event["rows"] // batch * batch
            if event["event"] == "epoch":
                times.append(time.monotonic())
            if len(times) == EPOCHS:
                break
    return learned / min(late - early for early, late in pairwise(times))


if __name__ == "__main__":
    main()
