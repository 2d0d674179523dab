"""Sends mutated pictures through the decoder, then a tenth as many through a real server."""

import argparse
import sys
import time
from pathlib import Path

from tqdm import tqdm

from tests.fuzz import campaign, http_route
from tests.fuzz.campaign import Summary
from tests.fuzz.http_route import Answers
from tests.fuzz.pictures import FORMATS

FOLDER = Path("runs/fuzz")
_OUTCOMES = ("picture", "InvalidImage", "ImageTooLarge", "find")


def main() -> int:
    """Returns 1 if there is a find, 0 if not."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=100_000, help="how many pictures")
    parser.add_argument("--seed", type=int, default=1, help="other seeds give other pictures")
    options = parser.parse_args()
    started = time.monotonic()
    with tqdm(total=options.count, unit="", desc="decoder") as bar:
        summary = campaign.campaign(options.count, options.seed, FOLDER, bar.update)
    print(f"{summary.count:,} mutated pictures in {time.monotonic() - started:.0f} s\n")
    _report_decoder(summary)
    started = time.monotonic()
    requests = max(1, options.count // 10)
    with tqdm(total=requests, unit="", desc="server") as bar:
        answers = http_route.ask_often(requests, options.seed, FOLDER, bar.update)
    print(f"\n{answers.count:,} mutated requests in {time.monotonic() - started:.0f} s\n")
    _report_server(answers)
    grown = (
        summary.growth > campaign.MAX_GROWTH_BYTES or answers.growth > http_route.MAX_GROWTH_BYTES
    )
    return 1 if summary.finds or answers.broken or grown else 0


def _report_decoder(summary: Summary) -> None:
    print("".join(f"{head:>15}" for head in ("", *_OUTCOMES)))
    for form in (*FORMATS, "other"):
        counts = "".join(f"{summary.outcomes[form, outcome]:15,}" for outcome in _OUTCOMES)
        print(f"{form:>15}{counts}")
    faces = sum(number * times for number, times in summary.faces.items())
    print(f"\nrecognized: {summary.faces.total():,} pictures, {faces:,} faces in them")
    print("\nslowest, in seconds of processor time (and on the wall)")
    for mutant, verdict in summary.slowest:
        steps = ", ".join(mutant.steps)
        print(f"  {verdict.seconds:.2f} ({verdict.wall:.2f})  {mutant.source}: {steps}")
    print("\nmemory that the worker held, in MB after so many pictures")
    _report_memory(summary.held, summary.growth, campaign.MAX_GROWTH_BYTES)
    print(f"\nfinds: {len(summary.finds)}")
    for find in summary.finds:
        print(f"  {find.why}\n    {find.mutant} kept at {find.kept_at}")


def _report_server(answers: Answers) -> None:
    for (status, kind), times in sorted(answers.statuses.items()):
        print(f"{times:15,}  {status} {kind}")
    seconds, how = answers.slowest
    print(f"\nslowest answer: {seconds:.2f} s on the wall, {how}")
    print("\nmemory that the server held, in MB after so many requests")
    _report_memory(answers.held, answers.growth, http_route.MAX_GROWTH_BYTES)
    print(f"\nanswers not as documented: {len(answers.broken)}")
    for broken in answers.broken[:20]:
        print(f"  {broken[:500]}")


def _report_memory(held: dict[int, int], growth: int, allowed: int) -> None:
    points = sorted(held.items())
    marks = dict(points[:: max(1, len(points) // 10)] + points[-1:])
    print("  " + ", ".join(f"{held / 1e6:.0f} after {count:,}" for count, held in marks.items()))
    print(f"  growth {growth / 1e6:.1f} MB, allowed {allowed / 1e6:.0f} MB")


if __name__ == "__main__":
    sys.exit(main())
