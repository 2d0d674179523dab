from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from demo.film.annotated import AnnotatedFilm
from demo.film.reading import Film
from demo.people.tracking import Sample, Sighting, Track
from preprocessing.images import Picture
from tests.demo.faces import face
from tests.demo.film.clips import room, steady, write_film

GREY = np.full((240, 400, 3), 128, np.uint8)


def sample(time: float, x: float | None) -> Sample:
    """A picture with person 3 at x, or with nobody."""
    sightings = []
    if x is not None:
        one = face(x, 80)
        sightings.append(Sighting(one, one, Track(3, time, one.probabilities)))
    return Sample(time, Picture(GREY, 400, 240), sightings, cut=False)


def annotate(source: Path, samples: list[Sample]) -> Path:
    target = source.with_name("annotated.mp4")
    film = AnnotatedFilm(source, target)
    for each in samples:
        film.add(each)
    film.finish()
    film.close()
    return target


def frames(path: Path) -> list[tuple[float, np.ndarray]]:
    with Film(path) as film:
        return [(frame.time, film.picture(frame).pixels) for frame in film.frames()]


def box_left(pixels: np.ndarray) -> int | None:
    """Where the yellow box of a happy face begins."""
    yellow = (pixels[..., 0] > 180) & (pixels[..., 1] > 180) & (pixels[..., 2] < 130)
    columns = np.flatnonzero(yellow[100:160].sum(axis=0) > 40)
    return int(columns[0]) if len(columns) else None


def sound_of(path: Path) -> tuple[str, list[bytes], np.ndarray]:
    """Codec, packets and samples of a film's sound."""
    with av.open(str(path)) as film:
        stream = film.streams.audio[0]
        packets, heard = [], []
        for packet in film.demux(stream):
            if packet.size:
                packets.append(bytes(packet))
            heard += [frame.to_ndarray().mean(axis=0) for frame in packet.decode()]
        return stream.codec_context.name, packets, np.concatenate(heard)


def test_annotated_moves_boxes_with_people_between_samples(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mp4", [(time, GREY) for time in steady(1, 20)])
    target = annotate(path, [sample(0, 40), sample(0.4, 200), sample(0.8, None)])
    with av.open(str(target)) as film:
        [video] = film.streams.video
        assert video.codec_context.name == "h264"
        assert video.codec_context.pix_fmt == "yuv420p"
    for time, pixels in frames(target):
        left = box_left(pixels)
        if time < 0.39:
            assert left == pytest.approx(40 + 400 * time, abs=3)
        elif time < 0.79:
            # Anyone missing from the next sample stays until then.
            assert left == pytest.approx(200, abs=3)
        else:
            assert left is None


def test_annotated_keeps_frame_times_at_a_variable_rate(tmp_path: Path) -> None:
    times = [0, 0.03, 0.21, 0.5, 0.55, 0.9, 1.3, 1.31, 1.5, 2.4]
    path = write_film(tmp_path / "a.mkv", [(time, GREY) for time in times])
    target = annotate(path, [sample(0, 40)])
    assert [time for time, _ in frames(target)] == pytest.approx(times, abs=0.002)


@pytest.mark.parametrize("codec", ["aac", "libmp3lame"])
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
def test_annotated_copies_sound_that_fits(tmp_path: Path, name: str, codec: str) -> None:
    clip = [(time, GREY) for time in steady(1)]
    path = write_film(tmp_path / name, clip, sound=codec, seconds=1)
    target = annotate(path, [sample(0, 40)])
    before, after = sound_of(path), sound_of(target)
    assert after[0] == before[0]
    if name != "a.ts" or codec != "aac":  # In MPEG each packet has a header that MP4 leaves out.
        assert after[1] == before[1]
    assert len(after[1]) == len(before[1])
    assert spectrum_peak(after[2]) == pytest.approx(440, abs=5)


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mkv", "libopus"), ("a.avi", "pcm_s16le"), ("a.mkv", "flac")]
)
def test_annotated_converts_other_sound_to_aac(tmp_path: Path, name: str, codec: str) -> None:
    clip = [(time, GREY) for time in steady(1)]
    video = "mpeg4" if name == "a.avi" else "libx264"
    path = write_film(tmp_path / name, clip, codec=video, sound=codec, seconds=1)
    kind, _, heard = sound_of(annotate(path, [sample(0, 40)]))
    assert kind == "aac"
    rate = 48_000 if codec == "libopus" else 44_100
    assert len(heard) / rate == pytest.approx(1, abs=0.06)
    assert spectrum_peak(heard, rate) == pytest.approx(440, abs=5)


def spectrum_peak(heard: np.ndarray, rate: int = 44_100) -> float:
    return float(np.abs(np.fft.rfft(heard))[1:].argmax() + 1) * rate / len(heard)


def test_annotated_keeps_sound_and_pictures_in_sync(tmp_path: Path) -> None:
    """Both begin at 100 s; the sound is silent at first and begins with the lit picture."""
    path = tmp_path / "late.ts"
    with av.open(str(path), "w") as film:
        video = film.add_stream("libx264", rate=20)
        video.width, video.height, video.pix_fmt = 400, 240, "yuv420p"
        audio = film.add_stream("aac", rate=48_000, layout="mono")
        for number in range(40):
            picture = GREY if number < 20 else np.full_like(GREY, 250)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = 2000 + number, Fraction(1, 20)
            film.mux(video.encode(frame))
        for first in range(0, 96_000, 1024):
            moments = np.arange(first, first + 1024)
            loud = np.where(moments < 48_000, 0, 0.5 * np.sin(moments / 10))
            heard = av.AudioFrame.from_ndarray(loud.astype(np.float32)[None], "fltp", "mono")
            heard.sample_rate, heard.time_base = 48_000, Fraction(1, 48_000)
            heard.pts = first + 4_800_000
            film.mux(audio.encode(heard))
        film.mux(audio.encode())
        film.mux(video.encode())
    target = annotate(path, [sample(0, None)])
    lit = next(time for time, pixels in frames(target) if pixels.mean() > 200)
    with av.open(str(target)) as film:
        start = film.streams.video[0].start_time or 0
        pictures_start = float(start * film.streams.video[0].time_base)
        for frame in film.decode(audio=0):
            if np.abs(frame.to_ndarray()).max() > 0.2:
                loud_at = frame.time - pictures_start
                break
    assert lit == pytest.approx(1, abs=0.051)
    assert loud_at == pytest.approx(lit, abs=0.05)


def test_annotated_writes_a_turned_film_upright(tmp_path: Path) -> None:
    lying = np.zeros((240, 400, 3), np.uint8)
    lying[:120, :200] = 200

    def turn(stream: object) -> None:
        stream.set_display_rotation(-90)  # type: ignore[attr-defined]

    path = write_film(tmp_path / "a.mp4", [(0, lying), (0.1, lying)], prepare=turn)
    _, pixels = frames(annotate(path, [sample(0, None)]))[0]
    assert pixels.shape == (400, 240, 3)
    assert pixels[:190, 130:].mean() > 180
    assert pixels[:190, :110].mean() < 20
    with av.open(str(path.with_name("annotated.mp4"))) as film:
        assert next(film.decode(video=0)).rotation == 0


def test_annotated_makes_odd_sides_even(tmp_path: Path) -> None:
    clip = [(time, room(321, 241)) for time in steady(0.2)]
    path = write_film(tmp_path / "a.mkv", clip, codec="ffv1", pixels="yuv444p")
    assert frames(annotate(path, [sample(0, None)]))[0][1].shape == (240, 320, 3)


def test_annotated_is_playable_when_stopped_early(tmp_path: Path) -> None:
    clip = [(time, GREY) for time in steady(3)]
    path = write_film(tmp_path / "a.mp4", clip, sound="aac", seconds=3)
    target = tmp_path / "annotated.mp4"
    film = AnnotatedFilm(path, target)
    film.add(sample(0, 40))
    film.add(sample(1, 40))
    film.close()
    times = [time for time, _ in frames(target)]
    assert times == pytest.approx(steady(1), abs=0.002)
    assert len(sound_of(target)[2]) / 44_100 < 2
