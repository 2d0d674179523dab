"""Films: any container and codec that PyAV reads, as frames with the times they are shown."""

import math
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from demo.answer.as_text import clock
from demo.film.pictures import FilmPictures
from demo.film.source import FilmTooLong, InvalidFilm, moving_pictures, open_container, open_file
from preprocessing.images import MIN_SIDE, Picture

# Times that go back by more seconds than this are a new count, as of films put one behind the other;
# by less, a frame that comes out of turn.
_NEW_COUNT = 1.0

# In these containers (FFmpeg's names) the announced duration is the time of the film's end on their
# clock, which a recording may start at any hour; in all others it is the film's length.
_COUNT_FROM_ZERO = ("matroska,webm", "asf", "wtv", "nut")

# These store the order of decoding and not when frames are shown, which differs where a frame refers
# to a later one (B-frames). Frames come out in the order in which they are shown.
_NO_TIMES_TO_SHOW = ("avi",)

# A whole film may end before its announced length by so many seconds, or by this share of it.
_TOLERANCE = (0.5, 0.002)


@dataclass(frozen=True, eq=False)
class Frame:
    """A frame of a film.

    Attributes:
        time: when it is shown, in seconds from the start of the film's pictures.
        image: as it was decoded; `Film.picture` makes a picture of it.
    """

    time: float
    image: av.VideoFrame


class Film:
    """A film, open for being read once from its start to its end.

    Times are the stream's own presentation times less its start, so they are right at a variable
    frame rate too. A frame without one (raw H.264 has none) follows the one before it by that one's
    duration. A frame that comes out of turn is left out; where the count starts anew, times go on.

    Args:
        source: a path, or a binary file that can be read and sought.
        longest: a film of more seconds is refused; one that does not tell its length is read up to
            there.
        sound: whether `frames` also hands out the packets of the film's sound.

    Attributes:
        width: of the upright film, in pixels.
        height: likewise.
        duration: announced, in seconds from the start of the pictures; None where it is not known.
        rate: frames per second on average; None where it is not known.
        audio: the stream of the sound; None where there is none or it was not asked for.
        start: the time of the film's start on the container's clock, which its sound has too.
        ended: why the film was not read to its end, as a sentence; None if it was, or until it is.
        notes: sentences on what was met while reading.

    Raises:
        FilmTooLong: it lasts longer than `longest`.
        StillPicture: it is a picture that does not move.
        InvalidFilm: it cannot be read. For a path the message begins with the path.

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
            self._file = open_file(Path(source)) if isinstance(source, str | Path) else source
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
        """Lets go of the file."""
        if self._container is not None:
            self._container.close()
        if self._ours and self._file is not None:
            self._file.close()

    @property
    def end(self) -> float:
        """When the last frame that was read ends, in seconds."""
        if self._last is None:
            return 0.0
        image = self._last.image
        if image.duration and image.time_base:
            return self._last.time + float(image.duration * image.time_base)
        return self._last.time + 1 / (self.rate or 25)

    def frames(self, sound: Callable[[av.Packet], None] | None = None) -> Iterator[Frame]:
        """The frames in the order of their times, each later than the one before.

        Args:
            sound: called with each packet of the sound, between the frames where it lies in the
                file.
        """
        for item in self._items:
            if isinstance(item, Frame):
                yield item
            elif sound is not None:
                sound(item)

    def samples(self, fps: float) -> Iterator[Frame]:
        """The first frame at or after each multiple of 1/fps, once each: all of a slower film."""
        following = 0
        for frame in self.frames():
            # Times are rounded to the clock of the stream, which is 1 ms in Matroska.
            tick = math.floor((frame.time + 1e-3) * fps)
            if tick >= following:
                following = tick + 1
                yield frame

    def picture(self, frame: Frame) -> Picture:
        """A frame as an upright picture, its longer side at most 1280 pixels."""
        return self._pictures.picture(frame.image)

    def _begin(self, container: InputContainer, sound: bool) -> None:
        """Finds the streams, and decodes the first frame, which says how large the film is."""
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
                f"The film lasts {clock(self.duration)}, and at most {clock(longest)} can be read."
                " Cut it and try again."
            )
        items = self._read(container)
        before: list[Frame | av.Packet] = []
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

    def _read(self, container: InputContainer) -> "Iterator[Frame | av.Packet]":
        """All frames, and packets of the sound; then says how the film ended."""
        # All sound is looked at, wanted or not: it tells how far the file reaches.
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
        """A frame with its time; None for one that comes out of turn."""
        on_clock = self._on_clock(image)
        known, shown = on_clock is not None, on_clock or 0.0
        last = self._last
        if last is None:
            video = self._video
            self.start = shown
            if video.start_time is not None and video.time_base is not None:
                # The first frame may be late, because those before cannot be decoded; never early.
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
                f"At {clock(time)} the picture becomes {size[0]} x {size[1]} pixels; what is not"
                f" {self.width} x {self.height} is fitted into that."
            )
        return Frame(time, image)

    def _on_clock(self, image: av.VideoFrame) -> float | None:
        """When a frame is shown, in seconds of the stream's clock; None where the file tells not."""
        if self._decoding_times is not None:
            return self._decoding_times.popleft() if self._decoding_times else None
        if image.pts is None or image.time_base is None:
            return None
        return float(image.pts * image.time_base)

    def _conclude(self, broken: bool) -> None:
        """Says how the film ended, in its pictures and its sound."""
        end = self.end
        reached = max(end, self._reached - self.start)
        tolerance = max(_TOLERANCE[0], _TOLERANCE[1] * (self.duration or 0))
        if self.duration is not None and self.duration - reached > tolerance:
            self.ended = f"The film breaks off at {clock(end)} of {clock(self.duration)}."
        elif broken:
            self.ended = f"The film cannot be read beyond {clock(end)}: the file is damaged."
        elif self._damaged:
            self.notes.append(f"What is damaged in the film was left out ({self._damaged} frames).")


def _duration(container: InputContainer, video: VideoStream) -> float | None:
    """The announced seconds from the start of the pictures to the film's end, if it is known."""
    if not container.duration:
        known = video.duration and video.time_base
        return float(video.duration * video.time_base) if known else None  # type: ignore[operator]
    announced = container.duration / av.time_base
    begins = earliest = (container.start_time or 0) / av.time_base
    if video.start_time is not None and video.time_base is not None:
        begins = float(video.start_time * video.time_base)
    end = announced if container.format.name in _COUNT_FROM_ZERO else earliest + announced
    # Some programs write the length there all the same.
    return end - begins if end > begins else announced


def _joined(
    before: "list[Frame | av.Packet]", items: "Iterator[Frame | av.Packet]"
) -> "Iterator[Frame | av.Packet]":
    """As `itertools.chain`, without holding on to a frame that was handed out."""
    while before:
        yield before.pop(0)
    yield from items
