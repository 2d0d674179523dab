"""Estimates the cost of an archive: `python -m demo.archive.plan --pictures 1e9 --cores 64`.

`tests/bench/bench_archive.py` prints the cost of each step: the time of one core of an idle AMD EPYC
for a picture of 640x480 with one face.
"""

import argparse
from dataclasses import dataclass

# Milliseconds of one core per picture; `read each face` counts per face.
LIST_AND_READ, DECODE, FIND, FACE = "list and read", "decode", "find faces", "read each face"
HAND_OUT, WRITE = "hand out and take back", "write as Parquet"
MILLISECONDS: dict[str, float] = {
    LIST_AND_READ: 0.07,
    DECODE: 1.3,
    FIND: 16.7,
    FACE: 8.7,
    HAND_OUT: 0.04,
    WRITE: 0.05,
}

# The time to decode grows with the picture. Faces are found in a copy of at most 1280 pixels.
_MEASURED_MEGAPIXELS = 640 * 480 / 1e6

# The memory of each process that reads pictures and of the process that hands them out, and the size
# of a row in Parquet.
WORKER_MEGABYTES = 82
FIRST_MEGABYTES = 43
ROW_BYTES = 69


@dataclass(frozen=True)
class Archive:
    """An archive, and the machines that read it.

    Attributes:
        pictures: the number of pictures.
        cores: the number of cores of all machines together; each core runs one process.
        faces: the average number of faces per picture.
        megabytes: the average size of a picture's file in megabytes.
        megapixels: the average size of a picture in megapixels.
        machines: the number of machines. Each lists, hands out and writes its own share.
        price: the price of one core for one hour, in dollars.
    """

    pictures: float
    cores: int
    faces: float = 1.0
    megabytes: float = 0.1
    megapixels: float = _MEASURED_MEGAPIXELS
    machines: int = 1
    price: float = 0.04

    @property
    def worker_milliseconds(self) -> float:
        """The time that a picture takes in the process that reads it."""
        decode = MILLISECONDS[DECODE] * self.megapixels / _MEASURED_MEGAPIXELS
        faces = MILLISECONDS[FACE] * self.faces
        return MILLISECONDS[LIST_AND_READ] + decode + MILLISECONDS[FIND] + faces

    @property
    def first_milliseconds(self) -> float:
        """The time that a picture takes in the process that lists, hands out and writes."""
        return MILLISECONDS[LIST_AND_READ] + MILLISECONDS[HAND_OUT] + MILLISECONDS[WRITE]

    @property
    def rate(self) -> float:
        """The number of pictures per second."""
        workers = 1000 * self.cores / self.worker_milliseconds
        return min(workers, 1000 * self.machines / self.first_milliseconds)

    @property
    def hours(self) -> float:
        """The time for all pictures."""
        return self.pictures / self.rate / 3600

    @property
    def most_cores(self) -> int:
        """The number of cores that one machine's handing-out process can keep busy."""
        return int(self.worker_milliseconds / self.first_milliseconds)


def report(archive: Archive) -> str:
    """Returns the estimate as text, with all assumptions."""
    per_core = 1000 / archive.worker_milliseconds
    reading = archive.rate * archive.megabytes
    core_hours = archive.hours * archive.cores
    memory = archive.cores * WORKER_MEGABYTES + archive.machines * FIRST_MEGABYTES
    table = archive.pictures * max(1.0, archive.faces) * ROW_BYTES / 1e9
    return f"""\
{archive.pictures:,.0f} pictures on {archive.cores} cores of {_count(archive.machines, "machine")}
  time      {_duration(archive.hours)} at {archive.rate:,.0f} pictures per second
  cost      {core_hours:,.0f} core-hours, about ${core_hours * archive.price:,.0f}
  memory    {memory / 1000:,.1f} GB in all, for any number of pictures
  reading   {reading:,.0f} MB per second, {archive.pictures * archive.megabytes / 1e6:,.1f} TB in all
  table     {table:,.1f} GB as Parquet

limits
  finding faces  {MILLISECONDS[FIND] / archive.worker_milliseconds:.0%} of a core's time: more cores help
  reading        slows the work if the storage delivers less than {reading:,.0f} MB per second
  handing out    one process per machine can keep {archive.most_cores} of its cores busy

assumptions
  {archive.faces:g} faces per picture, {archive.megapixels:.2g} megapixels, {archive.megabytes:g} MB per file; the default detector
  {archive.worker_milliseconds:.1f} ms of a core per picture ({per_core:.0f} per second): {_costs(archive)}
  {archive.first_milliseconds:.2f} ms per picture in the process that lists, hands out and writes
  {WORKER_MEGABYTES} MB per process; {ROW_BYTES} bytes per row; ${archive.price:g} per core-hour
  A core means a physical core. Two threads that share one count as one and a third.
"""


def _costs(archive: Archive) -> str:
    decode = MILLISECONDS[DECODE] * archive.megapixels / _MEASURED_MEGAPIXELS
    return (
        f"reading {MILLISECONDS[LIST_AND_READ]:.2f}, decoding {decode:.1f}, finding faces"
        f" {MILLISECONDS[FIND]:.1f}, {MILLISECONDS[FACE]:.1f} per face"
    )


def _duration(hours: float) -> str:
    if hours < 1:
        return f"{60 * hours:.0f} minutes"
    return f"{hours:.1f} hours" if hours < 48 else f"{hours / 24:.1f} days"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def main() -> None:
    """Prints the estimate for the archive that the command line describes."""
    parser = argparse.ArgumentParser(
        prog="python -m demo.archive.plan", description="Estimates the cost of an archive."
    )
    default = Archive(pictures=1e6, cores=2)
    for name, kind, meaning in (
        ("pictures", float, "the number of pictures, such as 1e9"),
        ("cores", int, "the number of cores of all machines together"),
        ("machines", int, "the number of machines"),
        ("faces", float, "the average number of faces per picture"),
        ("megabytes", float, "the average size of a picture's file in megabytes"),
        ("megapixels", float, "the average size of a picture in megapixels"),
        ("price", float, "the price of one core for one hour, in dollars"),
    ):
        parser.add_argument(f"--{name}", type=kind, default=getattr(default, name), help=meaning)
    options = vars(parser.parse_args())
    for name, value in options.items():
        if value < (1 if name in ("pictures", "cores", "machines") else 0):
            parser.error(f"--{name} is too small. Received: {value:g}")
    print(report(Archive(**options)), end="")


if __name__ == "__main__":
    main()
