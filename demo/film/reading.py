"""Reads films in any container and codec that PyAV knows, as frames with their display times."""

import math
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from demo.answer.as_text import clock
from demo.film.pictures import FilmPictures
from demo.film.source import FilmTooLong, InvalidFilm, moving_pictures, open_container
from preprocessing.images import MIN_SIDE, Picture
from preprocessing.paths import open_file

# If a time goes back by more seconds than this, the clock starts anew, as in joined films. If it goes
# back by less, the frame is out of order.
_NEW_COUNT = 1.0

# In these containers (FFmpeg's names) the announced duration is the end time on the container's clock,
# and that clock may start at any time. In all other containers it is the film's length.
_COUNT_FROM_ZERO = ("matroska,webm", "asf", "wtv", "nut")

# These containers store decoding times and no display times. The two differ if a frame refers to a
# later one (B-frames). The decoder gives frames in display order.
_NO_TIMES_TO_SHOW = ("avi",)

# A complete film may end this many seconds, or this share of its length, before its announced end.
_TOLERANCE = (0.5, 0.002)


@dataclass(frozen=True, eq=False)
class Frame:
    """A frame of a film.

    Attributes:
        time: the display time, in seconds from the start of the film's pictures.
        image: the decoded frame; `Film.picture` turns it into a picture.
    """

    time: float
    image: av.VideoFrame


class Film:
    """A film that can be read once, from its start to its end.

    Times are the stream's own presentation times minus its start, so they are right at a variable
    frame rate too. A frame without a time (raw H.264 has none) starts when the previous frame ends. A
    frame that is out of order is dropped. If the clock starts anew, times continue from the last frame.

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
        start: the time of the film's start on the container's clock, which the sound shares.
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
        self.start = 0.0
        self._longest = longest
        self._last: Frame | None = None
        self._shift = 0.0
        self._reached = 0.0
        self._damaged = 0
        self._resized = False
        self._decoding_times: deque[float] | None = None
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
    def end(self) -> float:
        """The time at which the last frame read ends, in seconds."""
        if self._last is None:
            return 0.0
        image = self._last.image
        if image.duration and image.time_base:
            return self._last.time + float(image.duration * image.time_base)
        return self._last.time + 1 / (self.rate or 25)

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
        if container.format.name in _NO_TIMES_TO_SHOW:
            self._decoding_times = deque()
        self.rate = float(video.average_rate) if video.average_rate else None
        self.duration = _duration(container, video)
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
        broken = False
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
            times = self._decoding_times
            if times is not None and packet.size and packet.dts is not None:
                times.append(float(packet.dts * packet.time_base))
            try:
                images = self._video.decode(packet)
            except FFmpegError:
                self._damaged += 1
                if times:
                    times.pop()
                continue
            for image in images:
                frame = self._placed(image)
                if frame is None:
                    continue
                if self._longest is not None and frame.time > self._longest:
                    self.ended = f"Only the first {clock(self._longest)} were read."
                    return
                self._last = frame
                yield frame
        self._conclude(broken)

    def _placed(self, image: av.VideoFrame) -> Frame | None:
        """Returns a frame with its time, or None if the frame is out of order."""
        on_clock = self._on_clock(image)
        known, shown = on_clock is not None, on_clock or 0.0
        last = self._last
        if last is None:
            video = self._video
            self.start = shown
            if video.start_time is not None and video.time_base is not None:
                # The first frame may be late, if frames before it cannot be decoded, but never early.
                self.start = min(shown, float(video.start_time * video.time_base))
            return Frame(shown - self.start if known else 0.0, image)
        time = shown - self.start + self._shift if known else self.end
        if time < last.time - _NEW_COUNT:
            self._shift += self.end - time
            time = self.end
        if time <= last.time:
            return None
        size = self._pictures.size_of(image)
        if size != self._pictures.size and not self._resized:
            self._resized = True
            self.notes.append(
                f"At {clock(time)} the picture changes to {size[0]} x {size[1]} pixels. Such pictures"
                f" are fitted into {self.width} x {self.height}."
            )
        return Frame(time, image)

    def _on_clock(self, image: av.VideoFrame) -> float | None:
        """Returns a frame's display time on the stream's clock, in seconds; None if it has none."""
        if self._decoding_times is not None:
            return self._decoding_times.popleft() if self._decoding_times else None
        if image.pts is None or image.time_base is None:
            return None
        return float(image.pts * image.time_base)

    def _conclude(self, broken: bool) -> None:
        """Notes whether the film breaks off or is damaged, from its pictures and its sound."""
        end = self.end
        reached = max(end, self._reached - self.start)
        tolerance = max(_TOLERANCE[0], _TOLERANCE[1] * (self.duration or 0))
        if self.duration is not None and self.duration - reached > tolerance:
            self.ended = f"The film breaks off at {clock(end)} of {clock(self.duration)}."
        elif broken:
            self.ended = f"The film cannot be read beyond {clock(end)}: the file is damaged."
        elif self._damaged:
            self.notes.append(f"Damaged frames of the film were left out ({self._damaged}).")


def _duration(container: InputContainer, video: VideoStream) -> float | None:
    """Returns the announced seconds from the start of the pictures to the end; None if unknown."""
    if not container.duration:
        known = video.duration and video.time_base
        return float(video.duration * video.time_base) if known else None  # type: ignore[operator]
    announced = container.duration / av.time_base
    begins = earliest = (container.start_time or 0) / av.time_base
    if video.start_time is not None and video.time_base is not None:
        begins = float(video.start_time * video.time_base)
    end = announced if container.format.name in _COUNT_FROM_ZERO else earliest + announced
    # Some programs write the length even into containers that should have the end time.
    return end - begins if end > begins else announced


def _joined(
    before: "list[Frame | av.Packet[Any]]", items: "Iterator[Frame | av.Packet[Any]]"
) -> "Iterator[Frame | av.Packet[Any]]":
    """Works like `itertools.chain`, but keeps no reference to a frame after yielding it."""
    while before:
        yield before.pop(0)
    yield from items
