"""Measures the detectors side by side: `python -m preprocessing.compare --output DIR`.

It writes a table, `detectors.md`, and a plot, `detectors.png`, with each detector's recall, false alarms
and milliseconds. The pictures are made from photographs that Python packages ship and, with `--data`,
from FER-2013's faces. Four detectors take three minutes on two cores. dlib's network (`cnn`) takes hours;
`--every N` measures every N-th picture only.
"""

import argparse
import sys
from pathlib import Path

from preprocessing import fer2013
from preprocessing.compare.figures import measure, plot, table
from preprocessing.compare.pictures import crowds, faceless, made, of_fer2013
from preprocessing.faces import DETECTORS
from preprocessing.results import Occupied, claim


def main() -> int:
    """Runs the command and returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m preprocessing.compare",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="where to write")
    parser.add_argument("--data", help="FER-2013, as for `python -m train_resnet`")
    parser.add_argument(
        "--faces", type=int, default=400, metavar="N", help="use N faces of FER-2013 (default: 400)"
    )
    parser.add_argument(
        "--every", type=int, default=1, metavar="N", help="use every N-th picture (default: 1)"
    )
    parser.add_argument(
        "--detectors",
        nargs="+",
        choices=list(DETECTORS),
        default=list(DETECTORS),
        metavar="NAME",
        help=f"one or more of {', '.join(DETECTORS)} (default: all)",
    )
    options = parser.parse_args()
    try:
        claim(options.output)
    except Occupied as error:
        print(error, file=sys.stderr)
        return 2
    shots = [*made(), *crowds(), *faceless()]
    if options.data:
        try:
            images = fer2013.load(options.data).split("PublicTest").images
        except fer2013.InvalidDataset as error:
            print(error, file=sys.stderr)
            return 1
        shots += of_fer2013(images, min(options.faces, len(images)))
    shots = shots[:: max(1, options.every)]
    results = {name: measure(name, shots) for name in options.detectors}
    (options.output / "detectors.md").write_text(table(results), encoding="utf-8")
    plot(results, options.output / "detectors.png")
    print(table(results), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
