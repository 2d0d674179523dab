"""A film with boxes, person numbers and emotions drawn into it, and its sound kept."""

import math
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.error import FFmpegError

from demo.answer.as_picture import annotate, caption
from demo.answer.reading import Answer
from demo.film.frame_times import Frame
from demo.film.reading import Film
from demo.people.tracking import Sample, Sighting
from model import FaceExpression

# Ticks per second of the pictures' times: MPEG's usual clock, fine enough for any frame rate.
_CLOCK = 90_000

# These go into an MP4 unchanged. Other sound is encoded as AAC, which every browser plays.
_KEPT_SOUND = frozenset(["aac", "mp3"])


class AnnotatedFilm:
    """Writes a copy of a film as an MP4 (H.264) with boxes, numbers and emotions drawn into it.

    The film is read a second time, beside the samples. So no frames are kept in memory while their
    faces are being read, however many frames lie between two samples. Between two samples, a person's
    box moves in a straight line. All frames keep their times, also at a variable rate. Pictures are
    upright, their longer side is at most 1280 pixels, and both sides are even, as H.264 requires.

    AAC and MP3 sound is copied unchanged; other sound is encoded as AAC.

    Args:
        source: the film.
        target: the file to write; an older file is replaced.

    Raises:
        InvalidFilm: the film cannot be read.

    Example:

    ```python
    with closing(AnnotatedFilm(Path("party.mp4"), Path("annotated.mp4"))) as film:
        for sample in samples:
            film.add(sample)
        film.finish()
    ```
    """

    def __init__(self, source: Path, target: Path) -> None:
        self._film = Film(source, sound=True)
        try:
            self._out = av.open(
                # The index goes to the front, so that browsers can start to play during the download.
                str(target),
                "w",
                format="mp4",
                options={"movflags": "+faststart"},
            )
        except BaseException:
            self._film.close()
            raise
        self._sound = _Sound(self._film, self._out)
        self._frames = self._film.frames(self._sound.add)
        self._next: Frame | None = next(self._frames, None)
        self._video: Any = None
        self._last: Sample | None = None
        self._closed = False

    def add(self, sample: Sample) -> None:
        """Writes the frames before the next sample."""
        self._write(until=sample.time, following=sample)
        self._last = sample

    def finish(self) -> None:
        """Writes the frames from the last sample to the end of the film."""
        self._write(until=math.inf, following=None)

    def close(self) -> None:
        """Ends the file; it can be played up to the last frame written."""
        if self._closed:
            return
        self._closed = True
        try:
            if self._video is not None:
                self._out.mux(self._video.encode())
                self._sound.finish()
        finally:
            self._out.close()
            self._film.close()

    def _write(self, until: float, following: Sample | None) -> None:
        while self._next is not None and self._next.time < until:
            self._encode(self._next, following)
            self._next = next(self._frames, None)

    def _encode(self, frame: Frame, following: Sample | None) -> None:
        picture = self._film.picture(frame)
        drawn = []
        if self._last is not None:
            drawn = list(_between(self._last, following, frame.time))
        captions = [f"{person} {caption(face)}" for person, face in drawn]
        pixels = annotate(Answer(picture, [face for _, face in drawn]), captions)
        height, width = (side // 2 * 2 for side in pixels.shape[:2])
        if self._video is None:
            self._video = self._stream(width, height)
        image = av.VideoFrame.from_ndarray(pixels[:height, :width].copy(), format="rgb24")
        image.pts, image.time_base = round(frame.time * _CLOCK), Fraction(1, _CLOCK)
        self._out.mux(self._video.encode(image))
        self._sound.start()

    def _stream(self, width: int, height: int) -> Any:
        # The rate is only a hint for the encoder, because each frame has its own time.
        rate = Fraction(self._film.rate or 25).limit_denominator(1001)
        stream = self._out.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = Fraction(1, _CLOCK)
        stream.options = {"preset": "veryfast", "crf": "23"}
        return stream


class _Sound:
    """Copies or encodes the sound of one film into another.

    A container must know all its streams before it takes packets. The film may give sound before its
    first frame, so packets wait until `start`.
    """

    def __init__(self, film: Film, out: "av.container.OutputContainer") -> None:
        self._film = film
        self._out = out
        self._waiting: list[av.Packet[Any]] = []
        self._started = False
        self._last: int | None = None
        self._stream: Any = None
        source = film.audio
        self._kept = source is not None and source.codec_context.codec.canonical_name in _KEPT_SOUND
        if source is None:
            return
        if self._kept:
            self._stream = out.add_stream_from_template(source)
        else:
            context = source.codec_context
            layout = "mono" if context.layout.nb_channels == 1 else "stereo"
            # Every player can play AAC at these rates.
            rate = context.sample_rate if context.sample_rate in (32_000, 44_100) else 48_000
            self._stream = out.add_stream("aac", rate=rate, layout=layout)
            self._resampler = av.AudioResampler("fltp", layout, rate)

    def add(self, packet: "av.Packet[Any]") -> None:
        if self._started:
            self._take(packet)
        else:
            self._waiting.append(packet)

    def start(self) -> None:
        """Writes the waiting packets; call it when all streams are known."""
        if not self._started:
            self._started = True
            for packet in self._waiting:
                self._take(packet)
            self._waiting.clear()

    def finish(self) -> None:
        if self._stream is not None and not self._kept:
            for frame in self._resampler.resample(None):
                self._out.mux(self._stream.encode(frame))
            self._out.mux(self._stream.encode())

    def _take(self, packet: "av.Packet[Any]") -> None:
        if self._stream is None:
            return
        if not self._kept:
            self._encode(packet)
            return
        if packet.dts is None or packet.size == 0:
            return
        shift = round(self._film.start / packet.time_base)
        # Damaged sound may repeat a time, which MP4 does not allow.
        if self._last is not None and packet.dts <= self._last:
            return
        self._last = packet.dts
        packet.dts -= shift
        packet.pts = packet.dts if packet.pts is None else packet.pts - shift
        packet.stream = self._stream
        self._out.mux(packet)

    def _encode(self, packet: "av.Packet[Any]") -> None:
        assert self._film.audio is not None
        try:
            frames = self._film.audio.decode(packet)
        except FFmpegError:
            return
        for frame in frames:
            if frame.pts is not None and frame.time_base is not None:
                frame.pts -= round(self._film.start / frame.time_base)
            for piece in self._resampler.resample(frame):
                self._out.mux(self._stream.encode(piece))


def _between(
    before: Sample, after: Sample | None, time: float
) -> Iterator[tuple[int, FaceExpression]]:
    """Yields people and their faces at a time between two samples.

    A person who is missing in the second sample keeps the box of the first.
    """
    later: dict[int, Sighting] = {} if after is None else after.people()
    for person, sighting in before.people().items():
        face = sighting.smoothed
        if after is not None and person in later:
            share = (time - before.time) / (after.time - before.time)
            pairs = zip(face.box, later[person].face.box, strict=True)
            x, y, width, height = (round(a + share * (b - a)) for a, b in pairs)
            face = replace(face, box=(x, y, width, height))
        yield person, face
