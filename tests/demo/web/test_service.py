import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from pydantic import ValidationError

import demo.web.service
from demo.answer.reading import Answer
from demo.settings import Settings
from demo.web.service import Busy, NotReady, Service
from model import InvalidWeights, Recognizer
from preprocessing.faces import DEFAULT, DETECTORS
from preprocessing.images import ImageTooLarge, InvalidImage
from tests.demo.conftest import wait_until


def test_service_reads_every_face_from_left_to_right(service: Service, two_people: bytes) -> None:
    answer = service.read(two_people)
    assert (answer.picture.width, answer.picture.height) == (1024, 512)
    assert [face.box[0] > 512 for face in answer.faces] == [False, True]
    assert answer.faces[0].emotion == "happy"
    assert all(face.attention is None for face in answer.faces)


def test_service_explains_if_asked(service: Service, happy: bytes) -> None:
    [face] = service.read(happy, explain=True).faces
    assert face.attention is not None
    assert face.attention.shape == (48, 48)


def test_service_takes_a_picture_without_a_face(service: Service, empty_room: bytes) -> None:
    assert service.read(empty_room).faces == []


def test_service_keeps_no_picture(service: Service, happy: bytes) -> None:
    answer = service.read(happy, explain=True)
    traces = [weakref.ref(answer), weakref.ref(answer.picture.pixels)]
    traces += [weakref.ref(face.crop) for face in answer.faces]
    del answer
    gc.collect()
    assert [trace() for trace in traces] == [None] * len(traces)


def test_service_gives_every_thread_the_same_answer(service: Service, two_people: bytes) -> None:
    expected = [face.probabilities for face in service.read(two_people).faces]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(service.read, [two_people] * 8))
    for answer in answers:
        np.testing.assert_allclose([face.probabilities for face in answer.faces], expected)


def test_service_is_not_ready_before_it_is_started(happy: bytes) -> None:
    service = Service(Settings())
    assert not service.ready
    with pytest.raises(NotReady, match="still being loaded"):
        service.read(happy)


def test_service_loads_in_the_background(
    monkeypatch: pytest.MonkeyPatch, recognizer: Recognizer, happy: bytes
) -> None:
    gate = threading.Event()

    def slow(**_: object) -> Recognizer:
        gate.wait(30)
        return recognizer

    monkeypatch.setattr(demo.web.service, "Recognizer", slow)
    service = Service(Settings())
    service.start()
    assert not service.ready
    with pytest.raises(NotReady):
        service.read(happy)
    gate.set()
    wait_until(lambda: service.ready)
    assert len(service.read(happy).faces) == 1


def test_service_is_ready_once_it_has_classified(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    class Watched(Recognizer):
        def __init__(self, **options: object) -> None:
            super().__init__(**options)  # type: ignore[arg-type]
            predict = self.classifier.predict

            def watched(crops: np.ndarray) -> np.ndarray:
                assert not service.ready
                seen.append(len(crops))
                return predict(crops)

            object.__setattr__(self.classifier, "predict", watched)

    monkeypatch.setattr(demo.web.service, "Recognizer", Watched)
    service = Service(Settings())
    service.start()
    wait_until(lambda: service.ready or service.error is not None)
    assert service.error is None
    assert seen == [1]


def test_service_names_missing_weights_to_every_caller(happy: bytes) -> None:
    service = Service(Settings(weights="nosuch"))
    service.start()
    wait_until(lambda: service.error is not None)
    assert isinstance(service.error, InvalidWeights)
    assert not service.ready
    with pytest.raises(NotReady, match="nosuch"):
        service.read(happy)


def test_service_uses_min_face_from_the_settings() -> None:
    service = Service(Settings(min_face=80))
    service.start()
    wait_until(lambda: service.ready)
    assert service.recognizer.detector.min_face == 80


class _Gate:
    """Blocks every reading of a service until it is opened, and counts those that run at once."""

    def __init__(self, service: Service) -> None:
        self.open = threading.Event()
        self.running = self.most = 0
        self.threads: set[int] = set()
        self._lock = threading.Lock()
        self._recognize = service.recognizer.recognize

    def __call__(self, *arguments: object, **options: object) -> object:
        with self._lock:
            self.running += 1
            self.most = max(self.most, self.running)
            self.threads.add(threading.get_ident())
        try:
            assert self.open.wait(30)
            return self._recognize(*arguments, **options)  # type: ignore[arg-type]
        finally:
            with self._lock:
                self.running -= 1


@pytest.fixture
def two_cores(monkeypatch: pytest.MonkeyPatch) -> Service:
    """A service of two cores where three may wait."""
    monkeypatch.setattr(demo.web.service, "cores", lambda: 2)
    service = Service(Settings(max_waiting=3))
    service.start()
    wait_until(lambda: service.ready)
    return service


def test_service_refuses_at_once_when_the_queue_is_full(
    two_cores: Service, monkeypatch: pytest.MonkeyPatch, happy: bytes
) -> None:
    gate = _Gate(two_cores)
    monkeypatch.setattr(two_cores.recognizer, "recognize", gate)
    assert two_cores.capacity == 5
    with ThreadPoolExecutor(8) as threads:
        readings = [threads.submit(two_cores.read, happy) for _ in range(8)]
        try:
            wait_until(lambda: sum(reading.done() for reading in readings) == 3)
            wait_until(lambda: gate.running == 2)
        finally:
            gate.open.set()
        errors = [reading.exception(30) for reading in readings]
    assert [type(error) for error in errors if error] == [Busy] * 3
    assert gate.most == 2
    answers = [
        reading.result() for reading, error in zip(readings, errors, strict=True) if not error
    ]
    assert all(isinstance(answer, Answer) and len(answer.faces) == 1 for answer in answers)
    assert len(two_cores.read(happy).faces) == 1
    assert len(gate.threads) == 2, "each further thread would cost a detector's memory"


def test_service_frees_the_place_of_an_unreadable_picture(two_cores: Service, happy: bytes) -> None:
    for _ in range(two_cores.capacity + 1):
        with pytest.raises(InvalidImage):
            two_cores.read(b"This is text.")
    with pytest.raises(ImageTooLarge):
        two_cores.read(bytes(20_000_001))
    assert len(two_cores.read(happy).faces) == 1


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "8123")
    monkeypatch.setenv("DEMO_HOST", "0.0.0.0")
    monkeypatch.setenv("DEMO_MIN_FACE", "")
    settings = Settings()
    assert (settings.port, settings.host, settings.min_face) == (8123, "0.0.0.0", 40)
    assert Settings(port=0).port == 0
    assert Settings(host="::1").host == "::1"
    assert settings.detector == DEFAULT
    assert {Settings(detector=name).detector for name in DETECTORS} == set(DETECTORS)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "70000"),
        ("DEMO_MIN_FACE", "3"),
        ("DEMO_DETECTOR", "eye"),
        ("DEMO_MAX_WAITING", "-1"),
        ("DEMO_MAX_UPLOAD_BYTES", "30000000"),
    ],
)
def test_settings_refuse_a_wrong_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match=r"(?i)port|min_face|detector|max_waiting|max_upload"):
        Settings()


def test_settings_have_a_description_each() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_service_stop_refuses_new_work_and_finishes_the_rest(happy: bytes) -> None:
    service = Service(Settings())
    service.start()
    wait_until(lambda: service.ready)
    go_on = threading.Event()
    taken = [
        service.submit(lambda _: go_on.wait(30)) for _ in range(service.capacity)
    ]  # some of them still wait for a thread
    service.close()
    with pytest.raises(Busy, match="server is stopping"):
        service.read(happy)
    go_on.set()
    assert [each.result(30) for each in taken] == [True] * service.capacity
    wait_until(lambda: service.inside == 0)
