"""`python -m tests.load` measures a server under load, and whether its memory stays flat.

Starts servers of its own, on this machine only. Visitors send files without a pause (`visitors`), of
a fixed mix (`pictures`), as they share the machine's cores with the server. The exit code is 1 where
a limit of `report` is broken.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from .measurement import measure
from .pictures import uploads
from .report import HEADING, broken_limits, memory_by_minute, memory_table, row


def main() -> int:
    """Measures, prints the tables and writes them as JSON."""
    options = _options()
    measurements, broken = [], []
    mix = uploads()
    print(HEADING)
    for clients in options.clients:
        result, samples = measure(clients, options.seconds, mix)
        print(row(result), flush=True)
        minutes = memory_by_minute(samples) if options.soak else []
        if minutes:
            print("", memory_table(minutes), sep="\n")
        measurements.append({**asdict(result), "memory_by_minute": minutes})
        broken += broken_limits(result, minutes)
    report = {"measurements": measurements, "broken_limits": broken}
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(report, indent=1) + "\n")
    for sentence in broken:
        print(sentence, file=sys.stderr)
    return 1 if broken else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument(
        "--clients", type=int, nargs="+", required=True, help="a measurement for each number"
    )
    parser.add_argument("--seconds", type=float, required=True, help="of each measurement")
    parser.add_argument(
        "--soak", action="store_true", help="hold the memory of the last minute to the second's"
    )
    parser.add_argument("--output", type=Path, required=True, help="the JSON file to write")
    options = parser.parse_args()
    if options.soak and options.seconds < 180:
        parser.error("a soak takes 3 minutes or more: one to warm up, and two to compare")
    return options


if __name__ == "__main__":
    sys.exit(main())
