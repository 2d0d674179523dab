"""Gives each frame of a film its time, whatever the container's clock does."""

from collections import deque
from dataclasses import dataclass
from typing import Any

import av
from av.container import InputContainer
from av.video.stream import VideoStream

# If a time goes back by more seconds than this, the clock starts anew, as in joined films. If it goes
# back by less, the frame is out of order.
_NEW_COUNT = 1.0

# In these containers (FFmpeg's names) the announced duration is the end time on the container's clock,
# and that clock may start at any time. In all other containers it is the film's length.
_COUNT_FROM_ZERO = ("matroska,webm", "asf", "wtv", "nut")

# These containers store decoding times and no display times. The two differ if a frame refers to a
# later one (B-frames). The decoder gives frames in display order.
_NO_TIMES_TO_SHOW = ("avi",)


@dataclass(frozen=True, eq=False)
class Frame:
    """A frame of a film.

    Attributes:
        time: the display time, in seconds from the start of the film's pictures.
        image: the decoded frame; `Film.picture` turns it into a picture.
    """

    time: float
    image: av.VideoFrame


class FrameTimes:
    """The times of a film's frames, in seconds from the start of its pictures.

    They are the stream's own presentation times minus its start, so they are right at a variable frame
    rate too. A frame without a time (raw H.264 has none) starts when the previous frame ends. If the
    clock starts anew, times continue from the last frame.

    Args:
        container: the film.
        video: the stream of its pictures.

    Attributes:
        rate: the mean number of frames per second; None if not known.
        start: the time of the film's start on the container's clock; 0 before the first frame.
        last: the last frame that was taken, which the caller sets; None before the first frame.
    """

    def __init__(self, container: InputContainer, video: VideoStream) -> None:
        self.rate = float(video.average_rate) if video.average_rate else None
        self.start = 0.0
        self.last: Frame | None = None
        self._video = video
        self._shift = 0.0
        self._decoding_times: deque[float] | None = None
        if container.format.name in _NO_TIMES_TO_SHOW:
            self._decoding_times = deque()

    @property
    def end(self) -> float:
        """The time at which the last frame ends, in seconds."""
        if self.last is None:
            return 0.0
        image = self.last.image
        if image.duration and image.time_base:
            return self.last.time + float(image.duration * image.time_base)
        return self.last.time + 1 / (self.rate or 25)

    def expect(self, packet: "av.Packet[Any]") -> None:
        """Notes the time of a packet of pictures, before it is decoded."""
        if self._decoding_times is not None and packet.size and packet.dts is not None:
            self._decoding_times.append(float(packet.dts * packet.time_base))

    def give_up(self) -> None:
        """Forgets the last expected packet, because it cannot be decoded."""
        if self._decoding_times:
            self._decoding_times.pop()

    def place(self, image: av.VideoFrame) -> Frame | None:
        """Returns a frame with its time, or None if the frame is out of order."""
        on_clock = self._on_clock(image)
        if self.last is None:
            return self._first(image, on_clock)
        time = self.end if on_clock is None else on_clock - self.start + self._shift
        if time < self.last.time - _NEW_COUNT:
            self._shift += self.end - time
            time = self.end
        return Frame(time, image) if time > self.last.time else None

    def _first(self, image: av.VideoFrame, on_clock: float | None) -> Frame:
        video = self._video
        self.start = on_clock or 0.0
        if video.start_time is not None and video.time_base is not None:
            # The first frame may be late, if frames before it cannot be decoded, but never early.
            self.start = min(self.start, float(video.start_time * video.time_base))
        return Frame(0.0 if on_clock is None else on_clock - self.start, image)

    def _on_clock(self, image: av.VideoFrame) -> float | None:
        """Returns a frame's display time on the stream's clock, in seconds; None if it has none."""
        if self._decoding_times is not None:
            return self._decoding_times.popleft() if self._decoding_times else None
        if image.pts is None or image.time_base is None:
            return None
        return float(image.pts * image.time_base)


def announced_duration(container: InputContainer, video: VideoStream) -> float | None:
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
