import json
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import model
from model import InvalidWeights, Recognizer
from model.classifier import WEIGHTS, load
from model.labels import EMOTIONS


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    for suffix in (".tflite", ".json"):
        shutil.copy(WEIGHTS / f"resnet{suffix}", tmp_path)
    return tmp_path / "resnet.tflite"


@pytest.fixture(scope="module")
def crops(recognizer: Recognizer, astronaut: np.ndarray, hopper: np.ndarray) -> np.ndarray:
    faces = recognizer.recognize(astronaut) + recognizer.recognize(hopper)
    return np.stack([face.crop for face in faces])


def test_predict_gives_probabilities_of_the_documented_shape(crops: np.ndarray) -> None:
    probabilities = model.load("resnet").predict(crops)
    assert probabilities.shape == (2, 7)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-5)
    assert EMOTIONS[probabilities[0].argmax()] == "happy"


def test_predict_gives_no_probabilities_for_no_faces() -> None:
    assert load().predict(np.zeros((0, 48, 48), np.uint8)).shape == (0, 7)


def test_predict_gives_a_batch_the_same_answers_as_single_faces(crops: np.ndarray) -> None:
    classifier = load()
    one_by_one = np.concatenate([classifier.predict(crops[i : i + 1]) for i in range(len(crops))])
    np.testing.assert_array_equal(classifier.predict(crops), one_by_one)


def test_predict_is_symmetric_with_the_mirrored_view(crops: np.ndarray) -> None:
    classifier = replace(load(), mirrored_view=True)
    there, back = classifier.logits(crops), classifier.logits(crops[:, :, ::-1])
    np.testing.assert_allclose(there.fer_head, back.fer_head, atol=1e-5)
    np.testing.assert_allclose(there.fer_maps, back.fer_maps[:, :, ::-1], atol=1e-4)


def test_logits_are_the_means_of_their_maps(crops: np.ndarray) -> None:
    logits = load().logits(crops)
    np.testing.assert_allclose(logits.fer_maps.mean((1, 2)), logits.fer_head, atol=1e-4)
    np.testing.assert_allclose(logits.votes_maps.mean((1, 2)), logits.votes_head, atol=1e-4)


def test_predict_gives_each_thread_its_own_answers(crops: np.ndarray) -> None:
    classifier = load()
    expected = [classifier.predict(crops[i : i + 1]) for i in range(2)]
    answers: dict[int, np.ndarray] = {}

    def run(number: int) -> None:
        for _ in range(10):
            answers[number] = classifier.predict(crops[number % 2 : number % 2 + 1])

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, answer in answers.items():
        np.testing.assert_array_equal(answer, expected[number % 2])


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((48, 48), np.uint8),
        np.zeros((1, 48, 48), np.float32),
        np.zeros((1, 40, 48), np.uint8),
    ],
)
def test_predict_refuses_other_arrays(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"Received: \("):
        load().predict(wrong)


def test_load_lists_the_known_names_for_an_unknown_one() -> None:
    with pytest.raises(InvalidWeights, match=r"'nothing'.*known: resnet.*export"):
        load("nothing")


def test_load_names_a_missing_file(copied: Path) -> None:
    copied.with_suffix(".json").unlink()
    with pytest.raises(InvalidWeights, match=r"resnet\.json is missing"):
        load(copied)
    copied.unlink()
    with pytest.raises(InvalidWeights, match=r"resnet\.tflite is missing"):
        load(copied)


def test_load_refuses_a_changed_file(copied: Path) -> None:
    content = bytearray(copied.read_bytes())
    content[len(content) // 2] ^= 1
    copied.write_bytes(content)
    with pytest.raises(InvalidWeights, match=r"resnet\.tflite has the SHA-256 .* export it again"):
        load(copied)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("labels", list(EMOTIONS[::-1]), "other labels"),
        ("alignment", {"template": [[0, 0]] * 5}, "another alignment"),
        ("mixture", {"unknown": 1}, "cannot be read"),
        ("mixture", {"votes_bias": [0.1]}, "A bias must be 7 numbers"),
        ("sha256", None, "SHA-256"),
    ],
)
def test_load_refuses_a_json_that_does_not_fit(
    copied: Path, key: str, value: object, message: str
) -> None:
    path = copied.with_suffix(".json")
    info = json.loads(path.read_text())
    info[key] = value if value is not None else "0" * 64
    path.write_text(json.dumps(info))
    with pytest.raises(InvalidWeights, match=message):
        load(copied)


@pytest.mark.slow
def test_model_imports_no_training_library() -> None:
    code = (
        "import sys, model\n"
        "model.Recognizer()\n"
        "heavy = {'tensorflow', 'keras', 'torch', 'jax', 'sklearn', 'scipy', 'skimage'}\n"
        "heavy |= {'tyro', 'train_resnet', 'model.networks', 'preprocessing.fer2013'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    root = Path(__file__).parents[2]
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
