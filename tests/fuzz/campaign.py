"""Sends many mutants through the decoder, measures them, and shrinks and keeps the finds."""

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Flaky
from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, HypothesisProvider

from tests.fuzz.mutants import Mutant, mutants
from tests.fuzz.pictures import pictures
from tests.fuzz.verdict import Judge, Verdict, judged
from tests.fuzz.worker import Worker

# Of the mutants, each this many; of those, what is still a picture goes through the recognizer.
_RECOGNIZE_EACH = 5
_BATCH = 500

# Growth of the worker's memory since every picture was decoded and recognized twice; by then every
# decoder has been loaded and has its buffers.
MAX_GROWTH_BYTES = 30_000_000


class Found(AssertionError):
    """A mutant is neither read nor refused as it should be."""


@dataclass(frozen=True)
class Find:
    """A mutant that went wrong, made as small as possible."""

    mutant: Mutant
    why: str
    kept_at: Path


@dataclass
class Summary:
    """The results of a campaign.

    Attributes:
        outcomes: how often each format had each outcome.
        sentences: how often each refusal came.
        faces: the number of faces that were recognized, and of pictures that were searched.
        slowest: the slowest mutants with their verdicts, the slowest first.
        held: pairs of a number of mutants and the worker's memory after them, in bytes.
        finds: the mutants that went wrong.
    """

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    sentences: Counter[str] = field(default_factory=Counter)
    faces: Counter[int] = field(default_factory=Counter)
    slowest: list[tuple[Mutant, Verdict]] = field(default_factory=list)
    held: dict[int, int] = field(default_factory=dict)
    finds: list[Find] = field(default_factory=list)

    @property
    def count(self) -> int:
        return self.outcomes.total()

    @property
    def growth(self) -> int:
        """The worker's growth in bytes, from the intact pictures to the last mutant."""
        return self.held[max(self.held)] - self.held[0]

    def add(self, mutant: Mutant, verdict: Verdict) -> None:
        self.outcomes[mutant.form, verdict.outcome] += 1
        if verdict.why and not verdict.find:
            self.sentences[verdict.why] += 1
        if verdict.faces is not None:
            self.faces[verdict.faces] += 1
        ranked = sorted([*self.slowest, (mutant, verdict)], key=lambda each: -each[1].seconds)
        self.slowest = ranked[:5]


def campaign(
    count: int,
    seed: int,
    folder: Path,
    tell: Callable[[int], object] = lambda _: None,
    judge: Judge = judged,
) -> Summary:
    """Puts mutants through the decoder.

    Args:
        count: the number of mutants.
        seed: the same seed and count give the same mutants.
        folder: the folder for finds and for the decoders' output.
        tell: called with the number of mutants since the last call.
        judge: reads a file and judges the outcome; runs in the worker's process.
    """
    folder.mkdir(parents=True, exist_ok=True)
    summary = Summary()
    with Worker(folder / "decoders.log", judge) as worker:
        for picture in list(pictures().values()) * 2:
            worker.judge(picture, recognize=True)
        summary.held[0] = worker.held()
        while summary.count < count:
            before = summary.count
            batch_seed = seed * 1_000_003 + before
            finds = _survey(summary, worker, batch_seed, min(_BATCH, count - before))
            if finds:
                summary.finds.append(_kept(_shrunk(worker, batch_seed) or finds[0], folder))
            summary.held[summary.count] = worker.held()
            tell(summary.count - before)
    return summary


class SameEverywhere(HypothesisProvider):
    """Hypothesis' own draws, without constants from the source of imported modules.

    With those constants, the same seed would draw other mutants if a test imported another module.
    """

    def _maybe_draw_constant(self, *_: object, **__: object) -> None:
        return None


AVAILABLE_PROVIDERS["same-everywhere"] = f"{__name__}.{SameEverywhere.__name__}"


def drawn(examples: int, *phases: Phase) -> settings:
    return settings(
        backend="same-everywhere",
        max_examples=examples,
        phases=phases,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )


def _survey(summary: Summary, worker: Worker, seed: int, count: int) -> list[tuple[Mutant, str]]:
    """Judges a batch of mutants and returns the finds."""
    finds = []

    @hypothesis.seed(seed)
    @drawn(count, Phase.generate)
    @given(mutants())
    def each(mutant: Mutant) -> None:
        verdict = worker.judge(mutant.data, summary.count % _RECOGNIZE_EACH == 0)
        summary.add(mutant, verdict)
        if verdict.find:
            finds.append((mutant, verdict.why))

    each()
    return finds


def _shrunk(worker: Worker, seed: int) -> tuple[Mutant, str] | None:
    """Draws a batch again up to its first find, and lets Hypothesis shrink that find.

    Returns:
        The small find; None if it did not happen again.
    """
    last: list[tuple[Mutant, str]] = []

    @hypothesis.seed(seed)
    @drawn(_BATCH, Phase.generate, Phase.shrink)
    @given(mutants())
    def each(mutant: Mutant) -> None:
        verdict = worker.judge(mutant.data, recognize=True)
        if verdict.find:
            last.append((mutant, verdict.why))
            raise Found(verdict.why)

    try:
        each()
    except (Found, Flaky):
        return last[-1]
    return None


def _kept(find: tuple[Mutant, str], folder: Path) -> Find:
    mutant, why = find
    name = hashlib.sha256(mutant.data).hexdigest()[:12]
    path = folder / f"{name}.{mutant.form}"
    path.write_bytes(mutant.data)
    (folder / f"{name}.txt").write_text(f"{why}\n{mutant.source}: {', '.join(mutant.steps)}\n")
    return Find(mutant, why, path)
