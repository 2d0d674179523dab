"""Reads films in any container and codec that PyAV knows, as frames with their display times."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import av
from av.container import InputContainer
from av.error import FFmpegError

from demo.answer.as_text import clock
from demo.film.frame_times import Frame, FrameTimes, announced_duration
from demo.film.pictures import FilmPictures
from demo.film.source import FilmTooLong, InvalidFilm, moving_pictures, open_container
from preprocessing.images import MIN_SIDE, Picture
from preprocessing.paths import open_file

# A complete film may end this many seconds, or this share of its length, before its announced end.
_TOLERANCE = (0.5, 0.002)


class Film:
    """A film that can be read once, from its start to its end.

    `FrameTimes` says how frames get their times. A frame that is out of order is dropped.

    Args:
        source: a path, or a seekable binary file.
        longest: the longest film allowed, in seconds. A film that does not state its length is read
            up to this time.
        sound: whether `frames` also passes on the packets of the film's sound.

    Attributes:
        width: the width of the upright film, in pixels.
        height: the height of the upright film, in pixels.
        duration: the announced length in seconds from the start of the pictures; None if not known.
        rate: the mean number of frames per second; None if not known.
        audio: the stream of the sound; None if there is none or `sound` is False.
        ended: why the film was not read to its end, as a sentence; None if it was, or is still read.
        notes: sentences on faults found while reading.

    Raises:
        FilmTooLong: the film is longer than `longest`.
        StillPicture: the file is a picture that does not move.
        InvalidFilm: the film cannot be read. If `source` is a path, the message begins with it.

    Example:

    ```python
    with Film("party.mp4") as film:
        for frame in film.samples(fps=5):
            print(frame.time, film.picture(frame).pixels.shape)
    ```
    """

    def __init__(
        self, source: str | Path | BinaryIO, longest: float | None = None, sound: bool = False
    ) -> None:
        self.ended: str | None = None
        self.notes: list[str] = []
        self._longest = longest
        self._reached = 0.0
        self._damaged = 0
        self._resized = False
        self._container: InputContainer | None = None
        self._ours = isinstance(source, str | Path)
        self._file: BinaryIO | None = None
        try:
            self._file = (
                open_file(Path(source), "film", InvalidFilm)
                if isinstance(source, str | Path)
                else source
            )
            self._container = open_container(self._file)
            self._begin(self._container, sound)
        except InvalidFilm as error:
            self.close()
            raise type(error)(f"{source}: {error}" if self._ours else str(error)) from error
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Film":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file."""
        if self._container is not None:
            self._container.close()
        if self._ours and self._file is not None:
            self._file.close()

    @property
    def start(self) -> float:
        """The time of the film's start on the container's clock, which the sound shares."""
        return self._times.start

    @property
    def end(self) -> float:
        """The time at which the last frame read ends, in seconds."""
        return self._times.end

    def frames(self, sound: "Callable[[av.Packet[Any]], None] | None" = None) -> Iterator[Frame]:
        """Yields the frames in order of time, each later than the one before.

        Args:
            sound: called with each packet of the sound, at its place between the frames.
        """
        for item in self._items:
            if isinstance(item, Frame):
                yield item
            elif sound is not None:
                sound(item)

    def samples(self, fps: float) -> Iterator[Frame]:
        """Yields the first frame at or after each multiple of 1/fps, but no frame twice.

        A film with fewer frames per second gives all its frames.
        """
        following = 0
        for frame in self.frames():
            # Times are rounded to the stream's clock, which has a step of 1 ms in Matroska.
            tick = math.floor((frame.time + 1e-3) * fps)
            if tick >= following:
                following = tick + 1
                yield frame

    def picture(self, frame: Frame) -> Picture:
        """Converts a frame to an upright picture with a longer side of at most 1280 pixels."""
        return self._pictures.picture(frame.image)

    def _begin(self, container: InputContainer, sound: bool) -> None:
        """Finds the streams and decodes the first frame, which gives the film's size."""
        video = self._video = moving_pictures(container)
        audios = [each for each in container.streams.audio if each.codec_context is not None]
        self.audio = audios[0] if sound and audios else None
        self._times = FrameTimes(container, video)
        self.rate = self._times.rate
        self.duration = announced_duration(container, video)
        longest = self._longest
        if longest is not None and self.duration is not None and self.duration > longest:
            raise FilmTooLong(
                f"The film lasts {clock(self.duration)}, and the limit is {clock(longest)}. Cut it and"
                " try again."
            )
        items = self._read(container)
        before: list[Frame | av.Packet[Any]] = []
        for item in items:
            before.append(item)
            if isinstance(item, Frame):
                self._pictures = FilmPictures(item.image, float(video.sample_aspect_ratio or 1))
                break
        else:
            raise InvalidFilm(
                "No frame of this film can be decoded: it is damaged, cut off at its start, or"
                " protected against copying."
                if self._damaged
                else "The film has no frame: its length is zero."
            )
        self.width, self.height = self._pictures.size
        if min(self.width, self.height) < MIN_SIDE:
            raise InvalidFilm(
                f"The film is too small ({self.width} x {self.height} pixels). Each side needs at"
                f" least {MIN_SIDE}."
            )
        self._items = _joined(before, items)

    def _read(self, container: InputContainer) -> "Iterator[Frame | av.Packet[Any]]":
        """Yields all frames and the packets of the sound, then notes how the film ended."""
        # Packets of every sound stream are read, because they show how far the file reaches.
        packets = container.demux(self._video, *container.streams.audio)
        times, broken = self._times, False
        while True:
            try:
                packet = next(packets, None)
            except (FFmpegError, OSError):
                broken = True
                break
            if packet is None:
                break
            moment = packet.dts if packet.pts is None else packet.pts
            if moment is not None and packet.time_base is not None:
                reached = float((moment + (packet.duration or 0)) * packet.time_base)
                self._reached = max(self._reached, reached)
            if packet.stream is self.audio:
                yield packet
            if packet.stream is not self._video:
                continue
            times.expect(packet)
            try:
                images = self._video.decode(packet)
            except FFmpegError:
                self._damaged += 1
                times.give_up()
                continue
            for image in images:
                frame = times.place(image)
                if frame is None:
                    continue
                if self._longest is not None and frame.time > self._longest:
                    self.ended = f"Only the first {clock(self._longest)} were read."
                    return
                if times.last is not None:
                    self._note_size(frame)
                times.last = frame
                yield frame
        self._conclude(broken)

    def _note_size(self, frame: Frame) -> None:
        size = self._pictures.size_of(frame.image)
        if size != self._pictures.size and not self._resized:
            self._resized = True
            self.notes.append(
                f"At {clock(frame.time)} the picture changes to {size[0]} x {size[1]} pixels. Such"
                f" pictures are fitted into {self.width} x {self.height}."
            )

    def _conclude(self, broken: bool) -> None:
        """Notes whether the film breaks off or is damaged, from its pictures and its sound."""
        end = self.end
        reached = max(end, self._reached - self._times.start)
        tolerance = max(_TOLERANCE[0], _TOLERANCE[1] * (self.duration or 0))
        if self.duration is not None and self.duration - reached > tolerance:
            self.ended = f"The film breaks off at {clock(end)} of {clock(self.duration)}."
        elif broken:
            self.ended = f"The film cannot be read beyond {clock(end)}: the file is damaged."
        elif self._damaged:
            self.notes.append(f"Damaged frames of the film were left out ({self._damaged}).")


def _joined(
    before: "list[Frame | av.Packet[Any]]", items: "Iterator[Frame | av.Packet[Any]]"
) -> "Iterator[Frame | av.Packet[Any]]":
    """Works like `itertools.chain`, but keeps no reference to a frame after yielding it."""
    while before:
        yield before.pop(0)
    yield from items
