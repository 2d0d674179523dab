import gc
import io
from pathlib import Path

import av
import numpy as np
import pillow_heif
import pytest
import skimage.data
from PIL import Image, ImageCms

from demo.film.reading import Film
from demo.film.source import FilmTooLong, InvalidFilm, StillPicture
from tests.demo.film.clips import steady, write_film

Frames = list[tuple[float, np.ndarray]]


def marked(time: float, width: int = 320, height: int = 240) -> np.ndarray:
    """A dark picture whose upper left quarter is lit; its brightness tells the time."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2] = 100 + round(time * 35)
    return picture


def frames(seconds: float = 2, rate: float = 15) -> Frames:
    return [(time, marked(time)) for time in steady(seconds, rate)]


def lit(pixels: np.ndarray) -> tuple[int, int]:
    """The lit quarter: 0 or 1 down, 0 or 1 across."""
    height, width = pixels.shape[:2]
    quarters = pixels[: height // 2 * 2, : width // 2 * 2, 0].reshape(2, height // 2, 2, width // 2)
    means = quarters.mean(axis=(1, 3))
    down, across = np.unravel_index(means.argmax(), (2, 2))
    return int(down), int(across)


def sampled(path: Path, fps: float = 5) -> list[float]:
    with Film(path) as film:
        return [frame.time for frame in film.samples(fps)]


def test_film_reads_every_frame_of_an_avi_with_b_frames(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.avi", frames(2, 10), codec="libx264", rate=10)
    with Film(path) as film:
        shown = [(frame.time, film.picture(frame).pixels[20, 20, 0]) for frame in film.frames()]
    assert [time for time, _ in shown] == pytest.approx(list(steady(2, 10)))
    levels = [int(level) for _, level in shown]
    assert levels == sorted(levels)


@pytest.mark.parametrize(
    ("name", "codec", "pixels"),
    [
        ("a.mp4", "libx264", "yuv420p"),
        ("a.mov", "prores_ks", "yuv422p10le"),
        ("a.mkv", "ffv1", "yuv444p10le"),
        ("a.webm", "libvpx-vp9", "yuva420p"),
        ("a.avi", "mpeg4", "yuv420p"),
        ("a.ts", "mpeg2video", "yuv420p"),
        ("a.mov", "qtrle", "argb"),
        ("a.gif", "gif", "rgb8"),
    ],
)
def test_film_reads_common_containers_codecs_and_pixel_formats(
    tmp_path: Path, name: str, codec: str, pixels: str
) -> None:
    # MPEG-2 does not support 15 frames a second.
    rate = 25 if codec == "mpeg2video" else 15
    path = tmp_path / name
    clip = [(time, marked(1)) for time in steady(1, rate)]
    write_film(path, clip, codec=codec, pixels=pixels, rate=rate)
    with Film(path) as film:
        assert (film.width, film.height) == (320, 240)
        read = [(frame.time, film.picture(frame)) for frame in film.frames()]
        assert film.ended is None
        assert film.notes == []
    assert [time for time, _ in read] == pytest.approx([time for time, _ in clip], abs=0.021)
    pixels_read = read[3][1].pixels
    assert pixels_read.dtype == np.uint8
    assert lit(pixels_read) == (0, 0)
    # A GIF has few colours.
    assert pixels_read[20, 20].mean() == pytest.approx(135, abs=20 if codec == "gif" else 6)
    assert pixels_read[-20, -20].mean() < 12


def test_film_gives_raw_h264_frame_times(tmp_path: Path) -> None:
    path = write_film(tmp_path / "raw.h264", frames(), container="h264")
    with Film(path) as film:
        assert film.duration is None
        times = [frame.time for frame in film.frames()]
    assert len(times) == 30
    assert times[0] == 0
    assert np.diff(times) == pytest.approx(times[1], abs=1e-6)


@pytest.mark.parametrize(
    ("degrees", "mirrored", "quarter"),
    [
        (0, False, (0, 0)),
        (90, False, (1, 0)),
        (180, False, (1, 1)),
        (-90, False, (0, 1)),
        (0, True, (0, 1)),
        (-90, True, (0, 0)),
    ],
)
def test_film_applies_the_display_matrix(
    tmp_path: Path, degrees: int, mirrored: bool, quarter: tuple[int, int]
) -> None:
    def prepare(stream: object) -> None:
        stream.set_display_rotation(degrees, hflip=mirrored)  # type: ignore[attr-defined]

    path = write_film(tmp_path / "turned.mp4", frames(0.2), prepare=prepare)
    with Film(path) as film:
        size = (240, 320) if degrees in (90, -90) else (320, 240)
        assert (film.width, film.height) == size
        picture = film.picture(next(film.frames()))
    assert picture.pixels.shape == (size[1], size[0], 3)
    assert lit(picture.pixels) == quarter


def test_film_stretches_pixels_that_are_not_square(tmp_path: Path) -> None:
    def prepare(stream: object) -> None:
        stream.codec_context.sample_aspect_ratio = 2  # type: ignore[attr-defined]

    path = write_film(tmp_path / "wide.mp4", frames(0.2), prepare=prepare)
    with Film(path) as film:
        assert (film.width, film.height) == (640, 240)
        assert film.picture(next(film.frames())).pixels.shape == (240, 640, 3)


def test_film_reduces_large_frames(tmp_path: Path) -> None:
    clip = [(0.0, np.full((2160, 3840, 3), 90, np.uint8))]
    path = write_film(tmp_path / "4k.mkv", clip, codec="mjpeg", pixels="yuvj420p")
    with Film(path) as film:
        picture = film.picture(next(film.frames()))
    assert (picture.width, picture.height) == (3840, 2160)
    assert picture.pixels.shape == (720, 1280, 3)
    assert picture.scale == 3


def test_film_samples_the_first_frame_at_or_after_each_tick(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mp4", frames())
    assert sampled(path) == pytest.approx([0.2 * tick for tick in range(10)], abs=1e-3)
    assert sampled(path, fps=4) == pytest.approx(
        [0, 4 / 15, 8 / 15, 12 / 15, 1, 19 / 15, 23 / 15, 27 / 15], abs=1e-3
    )
    assert len(sampled(path, fps=100)) == 30
    assert sampled(path, fps=0.5) == [0]


def test_film_gives_right_times_at_a_variable_rate(tmp_path: Path) -> None:
    times = [0, 0.04, 0.08, 0.3, 0.31, 0.9, 1.7, 1.74, 1.78, 1.82]
    path = write_film(tmp_path / "variable.mkv", [(time, marked(time)) for time in times])
    with Film(path) as film:
        for expected, frame in zip(times, film.frames(), strict=True):
            assert frame.time == pytest.approx(expected, abs=0.002)
            # The picture belongs to that time, too.
            brightness = film.picture(frame).pixels[20, 20].mean()
            assert brightness == pytest.approx(100 + expected * 35, abs=4)
    assert sampled(path) == pytest.approx([0, 0.3, 0.9, 1.7, 1.82], abs=0.002)


def test_film_starts_time_at_the_first_picture(tmp_path: Path) -> None:
    clip = [(time + 100, picture) for time, picture in frames(1)]
    path = write_film(tmp_path / "late.ts", clip)
    assert sampled(path) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8], abs=0.002)


@pytest.mark.parametrize(
    ("name", "codec"),
    [("late.mkv", "libx264"), ("late.webm", "libvpx-vp9"), ("late.asf", "mpeg4")],
)
def test_film_reads_all_of_a_film_whose_clock_starts_at_an_hour(
    tmp_path: Path, name: str, codec: str
) -> None:
    clip = [(time + 3600, picture) for time, picture in frames(1)]
    path = write_film(tmp_path / name, clip, codec=codec)
    with Film(path, longest=60) as film:
        assert film.duration == pytest.approx(1, abs=0.05)
        times = [frame.time for frame in film.frames()]
        assert film.ended is None
    assert times == pytest.approx(steady(1), abs=0.002)


def test_film_breaks_off_if_a_film_with_a_late_clock_is_cut(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    clip = [(100 + time, rng.integers(0, 255, (240, 320, 3), np.uint8)) for time in steady(3)]
    path = write_film(tmp_path / "late.mkv", clip)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with Film(path) as film:
        list(film.frames())
        assert film.ended is not None
        assert film.ended.endswith("of 0:03.0.")


def test_film_goes_on_when_timestamps_start_again(tmp_path: Path) -> None:
    """As in MPEG files that were joined by copying."""
    one = write_film(tmp_path / "one.ts", frames(2)).read_bytes()
    (tmp_path / "both.ts").write_bytes(one + one)
    with Film(tmp_path / "both.ts") as film:
        times = [frame.time for frame in film.frames()]
    assert np.diff(times).min() > 0
    assert times[-1] == pytest.approx(4, abs=0.3)
    assert len(times) >= 58


def test_film_notes_and_fits_a_change_of_size(tmp_path: Path) -> None:
    wide = [(time, marked(1)) for time in steady(0.4)]
    tall = [(time, marked(1, 160, 320)) for time in steady(0.4, start=0.4)]
    path = write_film(tmp_path / "a.ts", wide)
    other = write_film(tmp_path / "b.ts", tall)
    path.write_bytes(path.read_bytes() + other.read_bytes())
    with Film(path) as film:
        pictures = [film.picture(frame) for frame in film.frames()]
        [note] = film.notes
        assert film.ended is None
    assert {picture.pixels.shape for picture in pictures} == {(240, 320, 3)}
    assert {(picture.width, picture.height) for picture in pictures} == {(320, 240)}
    # 160 x 320 is fitted into the middle as 120 x 240.
    last = pictures[-1].pixels
    assert last[20, 110].mean() == pytest.approx(135, abs=12)
    assert last[:, :90].mean() < 5
    assert "160 x 320" in note
    assert "0:00.4" in note


def test_film_reads_an_open_file_and_leaves_it_open(tmp_path: Path) -> None:
    file = io.BytesIO(write_film(tmp_path / "a.mp4", frames(1)).read_bytes())
    with Film(file) as film:
        assert len(list(film.frames())) == 15
    assert not file.closed


def complaint(path: Path, **options: float) -> str:
    with pytest.raises(InvalidFilm) as error:
        Film(path, **options)  # type: ignore[arg-type]
    message = str(error.value)
    assert message.startswith(f"{path}: ")
    assert message.endswith(".")
    return message


def test_film_refuses_each_kind_of_other_file_in_its_own_sentence(tmp_path: Path) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("This is a text.\n" * 50)
    empty = tmp_path / "empty.mp4"
    empty.touch()
    whole = write_film(tmp_path / "whole.mp4", frames()).read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[: len(whole) // 2])
    unknown = tmp_path / "unknown.mp4"
    unknown.write_bytes(whole.replace(b"avc1", b"zzzz"))
    song = write_film(tmp_path / "song.m4a", [], sound="aac", seconds=1)
    tiny = write_film(
        tmp_path / "tiny.mkv",
        [(0.0, np.zeros((8, 8, 3), np.uint8))],
        codec="ffv1",
        pixels="yuv444p",
    )
    garbage = tmp_path / "garbage.mp4"
    # The index is intact, but no frame can be decoded.
    data = bytearray(whole)
    start, end = data.find(b"mdat") + 4, data.find(b"moov") - 4
    data[start:end] = bytes(end - start)
    garbage.write_bytes(data)
    for path, words in {
        text: "not a film",
        empty: "empty",
        cut: "cut off",
        unknown: "video codec",
        song: "no moving pictures",
        tiny: "too small (8 x 8",
        garbage: "No frame",
        tmp_path / "missing.mp4": "no such file",
        tmp_path: "a folder",
    }.items():
        assert words in complaint(path)


def test_film_refuses_pictures_unless_they_move(tmp_path: Path) -> None:
    pillow_heif.register_heif_opener()
    frame = Image.fromarray(marked(0))
    for name in ("a.jpg", "a.png", "a.webp", "a.gif", "a.tiff", "a.heic", "a.avif"):
        frame.save(tmp_path / name)
        with pytest.raises(StillPicture, match="a picture, not a film"):
            Film(tmp_path / name)
    # For an intact photograph, FFmpeg relies on the name.
    Image.fromarray(skimage.data.astronaut()).save(tmp_path / "photo.JPG")
    with pytest.raises(StillPicture, match="a picture, not a film"):
        Film(tmp_path / "photo.JPG")
    more = [Image.fromarray(marked(number / 2)) for number in range(1, 6)]
    for name in ("b.gif", "b.png", "b.avif"):
        frame.save(tmp_path / name, save_all=True, append_images=more, duration=200)
        with Film(tmp_path / name) as film:
            assert len(list(film.frames())) == 6
    frame.save(tmp_path / "b.webp", save_all=True, append_images=more, duration=200)
    assert "Convert this one to MP4" in complaint(tmp_path / "b.webp")
    # A profile pushes the number of frames away from the file's start.
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    frame.save(tmp_path / "c.webp", save_all=True, append_images=more, icc_profile=profile)
    assert "Convert this one to MP4" in complaint(tmp_path / "c.webp")


def test_film_without_a_frame_has_no_length(tmp_path: Path) -> None:
    path = tmp_path / "none.avi"
    data = write_film(path, frames(0.2), codec="mjpeg", pixels="yuvj420p").read_bytes()
    path.write_bytes(data[: data.find(b"movi") + 4])
    assert "length is zero" in complaint(path)


def test_film_refuses_sound_with_a_cover(tmp_path: Path) -> None:
    def cover(stream: object) -> None:
        stream.disposition = 0x0400  # type: ignore[attr-defined]

    clip = [(0.0, marked(0))]
    path = tmp_path / "song.mp4"
    write_film(path, clip, codec="mjpeg", pixels="yuvj420p", sound="aac", seconds=1, prepare=cover)
    assert "no moving pictures" in complaint(path)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_film_reads_a_truncated_film_as_far_as_it_goes(tmp_path: Path, name: str) -> None:
    rng = np.random.default_rng(0)
    # Noise, so that the data outweighs the index.
    clip = [(time, rng.integers(0, 255, (240, 320, 3), np.uint8)) for time in steady(3)]
    options = {"movflags": "+faststart"} if name == "a.mp4" else {}
    whole = write_film(tmp_path / name, clip, options=options).read_bytes()
    path = tmp_path / f"cut-{name}"
    path.write_bytes(whole[: int(len(whole) * 0.6)])
    with Film(path) as film:
        times = [frame.time for frame in film.frames()]
        assert film.ended is not None
        assert film.ended.startswith("The film breaks off at 0:01.")
        assert film.ended.endswith("of 0:03.0.")
    assert 1.4 < times[-1] < 1.9


def test_film_leaves_out_damage_in_the_middle(tmp_path: Path) -> None:
    path = tmp_path / "damaged.avi"
    write_film(path, frames(2), codec="png", pixels="rgb24")
    data = bytearray(path.read_bytes())
    # In the pixels of one of the PNG pictures.
    middle = data.find(b"IDAT", len(data) // 2) + 10
    data[middle : middle + 40] = bytes(40)
    path.write_bytes(data)
    with Film(path) as film:
        times = [frame.time for frame in film.frames()]
        assert film.ended is None
        assert film.notes == ["Damaged frames of the film were left out (1)."]
    assert len(times) == 29
    assert times[-1] == pytest.approx(29 / 15, abs=0.01)


def test_film_reads_ten_hours_without_a_limit(tmp_path: Path) -> None:
    hours = [(1800.0 * number, marked(0)) for number in range(21)]
    path = write_film(tmp_path / "long.mkv", hours)
    assert sampled(path)[-1] == pytest.approx(36_000, abs=0.01)
    with Film(path, longest=40_000) as film:
        assert film.duration == pytest.approx(36_000, rel=0.01)
    with pytest.raises(FilmTooLong, match=r"lasts 10:00:.* limit is 1:00:00"):
        Film(path, longest=3600)


def test_film_reads_a_film_of_unknown_length_up_to_the_limit(tmp_path: Path) -> None:
    path = write_film(tmp_path / "raw.h264", frames(4), container="h264")
    with Film(path, longest=1) as film:
        assert [frame.time for frame in film.frames()][-1] <= 1
        assert film.ended == "Only the first 0:01.0 were read."


def test_film_opens_no_other_file_for_a_playlist(tmp_path: Path) -> None:
    """Positive control: PyAV's own way of opening follows the playlist."""
    other = write_film(tmp_path / "other.ts", frames(1))
    playlist = tmp_path / "list.m3u8"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{other}\n#EXT-X-ENDLIST\n")
    with av.open(str(playlist)) as container:
        assert container.streams.video
    assert "not a film" in complaint(playlist)


def test_film_releases_frames(tmp_path: Path) -> None:
    """PyAV's side data would keep each frame alive until the garbage collector runs."""
    path = write_film(tmp_path / "a.mp4", frames())
    gc.collect()
    gc.disable()
    try:
        with Film(path) as film:
            for frame in film.frames():
                film.picture(frame)
            alive = sum(isinstance(each, av.VideoFrame) for each in gc.get_objects())
    finally:
        gc.enable()
    assert alive < 8
