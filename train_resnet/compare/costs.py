"""What a network of the comparison costs: size, work, time on LiteRT, memory of training."""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from preprocessing.alignment import SIZE
from train_resnet.compare.rows import Row, find
from train_resnet.files import write_json

_BATCHES = (16, 32, 64, 128)
_TIMED, _WARM_UP = 40, 8
_STEPS = 3


def costs(row: Row, output: Path) -> dict[str, Any]:
    """A row's `parameters`, `multiply_adds` and `litert_ms`, and `memory` where it is asked for.

    Those of an architecture are measured once and kept in the output folder. A face that a row sees
    twice, mirrored, or with several networks, costs that many times as much.

    Args:
        row: of the table.
        output: folder of all rows.
    """
    file = output / "costs.json"
    known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    single = _single(row)
    assert single.recipe is not None
    arch = single.recipe.arch
    if arch not in known:
        known[arch] = _measured(arch)
    networks, views = _networks(row, output), 1 + row.mirrored_view
    found = {
        "parameters": known[arch]["parameters"] * networks,
        "multiply_adds": known[arch]["multiply_adds"] * networks * views,
        "litert_ms": round(known[arch]["litert_ms"] * networks * views, 2),
    }
    if row.memory:
        if "memory" not in known[arch]:
            known[arch]["memory"] = {str(batch): peak_memory(arch, batch) for batch in _BATCHES}
        found["memory"] = known[arch]["memory"]
    write_json(file, known)
    return found


def _single(row: Row) -> Row:
    """The row whose network this one's are like."""
    other = row.members[0] if row.members else row.snapshots_of
    return find(other) if other else row


def _networks(row: Row, output: Path) -> int:
    if row.snapshots_of:
        snapshots = find(row.snapshots_of).recipe
        assert snapshots is not None
        training = json.loads((output / row.snapshots_of / "training.json").read_text())
        return int(training["step"]) // snapshots.snapshots
    return len(row.members) or 1


def _measured(arch: str) -> dict[str, Any]:
    from train_resnet.run.architectures import build, multiply_adds
    from train_resnet.serve.export import to_litert

    # How long a network takes does not depend on what it has learned.
    network = build(arch, dropout=0.0, side=SIZE)
    return {
        "parameters": network.count_params(),
        "multiply_adds": multiply_adds(network),
        "litert_ms": _milliseconds(to_litert(network)),
    }


def _milliseconds(content: bytes) -> float:
    """The median time of one face on one thread."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    [face] = interpreter.get_input_details()
    interpreter.set_tensor(face["index"], np.full((1, SIZE, SIZE, 1), 128, np.float32))
    times = []
    for _ in range(_WARM_UP + _TIMED):
        began = time.perf_counter()
        interpreter.invoke()
        times.append(time.perf_counter() - began)
    return round(1000 * float(np.median(times[_WARM_UP:])), 2)


def peak_memory(arch: str, batch: int) -> int:
    """The most memory in MB that a process holds that trains a network for a few steps.

    Args:
        arch: a name of `train_resnet.run.architectures.ARCHITECTURES`.
        batch: images a step.
    """
    command = [sys.executable, "-m", "train_resnet.compare.costs", arch, str(batch)]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return int(done.stdout.split()[-1])


def _train_a_little(arch: str, batch: int) -> None:
    from train_resnet.run.data import Batch
    from train_resnet.run.network import build_network
    from train_resnet.run.optimization import compile_network
    from train_resnet.run.recipe import Recipe
    from train_resnet.run.steps import steps_of

    recipe = Recipe(arch=arch, optimizer="adam", schedule="constant", precision="float32")
    network = build_network(recipe)
    compile_network(network, recipe, steps=1)
    steps = steps_of(network)
    answers, ones = np.eye(7, dtype=np.float32)[np.arange(batch) % 7], np.ones(batch, np.float32)
    heads = ("fer_head", "votes_head")
    faces = np.zeros((batch, SIZE, SIZE, 1), np.float32)
    for _ in range(_STEPS):
        steps.train_on_batch(
            Batch(faces, dict.fromkeys(heads, answers), dict.fromkeys(heads, ones))
        )
    steps.sync()


if __name__ == "__main__":
    _train_a_little(sys.argv[1], int(sys.argv[2]))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
