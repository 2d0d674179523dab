"""What an archive will cost: `python -m demo.archive.plan --pictures 1e9 --cores 64`.

`tests/bench/bench_archive.py` prints the costs of the steps: the time of one core of an idle AMD EPYC
for a picture of 640x480 with one face.
"""

import argparse
from dataclasses import dataclass

# Milliseconds of one core for each picture, but `read each face` for each face.
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

# Decoding grows with the picture; faces are looked for in one of at most 1280 pixels.
_MEASURED_MEGAPIXELS = 640 * 480 / 1e6

WORKER_MEGABYTES = 82
FIRST_MEGABYTES = 43
ROW_BYTES = 69


@dataclass(frozen=True)
class Archive:
    """An archive and what reads it.

    Attributes:
        pictures: the number of pictures.
        cores: the number of cores on all machines together; each runs one process.
        faces: the average number of faces in a picture.
        megabytes: the average size of a file, in MB.
        megapixels: the average size of a picture, in megapixels.
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
        """What a picture costs the processes that read pictures."""
        decode = MILLISECONDS[DECODE] * self.megapixels / _MEASURED_MEGAPIXELS
        faces = MILLISECONDS[FACE] * self.faces
        return MILLISECONDS[LIST_AND_READ] + decode + MILLISECONDS[FIND] + faces

    @property
    def first_milliseconds(self) -> float:
        """What it costs the one process of each machine that lists, hands out and writes."""
        return MILLISECONDS[LIST_AND_READ] + MILLISECONDS[HAND_OUT] + MILLISECONDS[WRITE]

    @property
    def rate(self) -> float:
        """Pictures a second."""
        workers = 1000 * self.cores / self.worker_milliseconds
        return min(workers, 1000 * self.machines / self.first_milliseconds)

    @property
    def hours(self) -> float:
        """How long it takes."""
        return self.pictures / self.rate / 3600

    @property
    def most_cores(self) -> int:
        """How many cores of one machine the process that hands out can keep busy."""
        return int(self.worker_milliseconds / self.first_milliseconds)


def report(archive: Archive) -> str:
    """The calculation in sentences, with what it assumes."""
    per_core = 1000 / archive.worker_milliseconds
    reading = archive.rate * archive.megabytes
    core_hours = archive.hours * archive.cores
    memory = archive.cores * WORKER_MEGABYTES + archive.machines * FIRST_MEGABYTES
    table = archive.pictures * max(1.0, archive.faces) * ROW_BYTES / 1e9
    return f"""\
{archive.pictures:,.0f} pictures on {archive.cores} cores of {_count(archive.machines, "machine")}
  time      {_duration(archive.hours)} at {archive.rate:,.0f} pictures a second
  cost      {core_hours:,.0f} core-hours, about ${core_hours * archive.price:,.0f}
  memory    {memory / 1000:,.1f} GB in all, however many pictures
  reading   {reading:,.0f} MB a second, {archive.pictures * archive.megabytes / 1e6:,.1f} TB in all
  table     {table:,.1f} GB as Parquet

where the limit is
  finding faces  {MILLISECONDS[FIND] / archive.worker_milliseconds:.0%} of a core's time: more cores help
  reading        as soon as the storage gives less than {reading:,.0f} MB a second
  handing out    one process for each machine, enough for {archive.most_cores} cores of it

assumed
  {archive.faces:g} faces a picture, {archive.megapixels:.2g} megapixels, {archive.megabytes:g} MB a file; the default detector
  {archive.worker_milliseconds:.1f} ms of a core for each picture ({per_core:.0f} a second): {_costs(archive)}
  {archive.first_milliseconds:.2f} ms for each picture in the process that lists, hands out and writes
  {WORKER_MEGABYTES} MB for each process; {ROW_BYTES} bytes for a row; ${archive.price:g} for a core and hour
  A core is a whole one: where two threads share it, count them as one and a third.
"""


def _costs(archive: Archive) -> str:
    decode = MILLISECONDS[DECODE] * archive.megapixels / _MEASURED_MEGAPIXELS
    return (
        f"reading {MILLISECONDS[LIST_AND_READ]:.2f}, decoding {decode:.1f}, finding faces"
        f" {MILLISECONDS[FIND]:.1f}, {MILLISECONDS[FACE]:.1f} for each face"
    )


def _duration(hours: float) -> str:
    if hours < 1:
        return f"{60 * hours:.0f} minutes"
    return f"{hours:.1f} hours" if hours < 48 else f"{hours / 24:.1f} days"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def main() -> None:
    """Prints the calculation for what the command line says."""
    parser = argparse.ArgumentParser(
        prog="python -m demo.archive.plan", description="Calculates what an archive will cost."
    )
    default = Archive(pictures=1e6, cores=2)
    parser.add_argument("--pictures", type=float, default=default.pictures, help="such as 1e9")
    parser.add_argument(
        "--cores", type=int, default=default.cores, help="the number of cores on all machines"
    )
    parser.add_argument("--machines", type=int, default=default.machines)
    parser.add_argument(
        "--faces", type=float, default=default.faces, help="the average number in a picture"
    )
    parser.add_argument(
        "--megabytes", type=float, default=default.megabytes, help="the average size of a file"
    )
    parser.add_argument(
        "--megapixels", type=float, default=default.megapixels, help="the average size of a picture"
    )
    parser.add_argument(
        "--price", type=float, default=default.price, help="the price of a core for an hour, in $"
    )
    options = vars(parser.parse_args())
    for name, value in options.items():
        if value < (1 if name in ("pictures", "cores", "machines") else 0):
            parser.error(f"--{name} is too small. Received: {value:g}")
    print(report(Archive(**options)), end="")


if __name__ == "__main__":
    main()
