import base64
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from demo.answer import schema
from demo.answer.as_json import to_json
from demo.answer.reading import Answer
from demo.web.service import Service
from model.labels import EMOTIONS
from tests.demo.conftest import check_type

KEYS = [
    "box",
    "detection_score",
    "detected_by",
    "landmarks",
    "emotion",
    "confidence",
    "uncertain",
    "summary",
    "probabilities",
]


def test_to_json_gives_the_documented_object(service: Service, two_people: bytes) -> None:
    answer = service.read(two_people)
    classifier = service.recognizer.classifier
    content = to_json(answer, classifier)

    assert list(content) == ["image", "turned", "warnings", "faces", "model"]
    assert content["warnings"] == []
    assert content["image"] == {"width": 1024, "height": 512}
    assert content["model"] == {
        "name": classifier.name,
        "version": classifier.version,
        "sha256": classifier.sha256,
    }
    assert len(content["faces"]) == 2
    for found, face in zip(content["faces"], answer.faces, strict=True):
        assert list(found) == KEYS
        assert list(found["box"]) == ["x", "y", "width", "height"]
        assert tuple(found["box"].values()) == face.box
        assert list(found["probabilities"]) == list(EMOTIONS)
        assert sum(found["probabilities"].values()) == pytest.approx(1, abs=1e-5)
        assert found["probabilities"][found["emotion"]] == found["confidence"]
        assert found["confidence"] == max(found["probabilities"].values())
        np.testing.assert_allclose(found["landmarks"], face.landmarks, atol=0.006)


def test_to_json_has_a_warning_for_a_damaged_file(service: Service, two_people: bytes) -> None:
    content = to_json(service.read(two_people[:-5]), service.recognizer.classifier)
    [sentence] = content["warnings"]
    assert "is damaged or was cut off" in sentence
    assert len(content["faces"]) == 2
    check_type(schema.Expressions, content)


def test_to_json_survives_json_and_fits_the_schema(service: Service, two_people: bytes) -> None:
    content = to_json(service.read(two_people), service.recognizer.classifier)
    assert json.loads(json.dumps(content)) == content
    check_type(schema.Expressions, content)


def test_to_json_gives_an_empty_list_without_a_face(service: Service, empty_room: bytes) -> None:
    content = to_json(service.read(empty_room), service.recognizer.classifier)
    assert content["faces"] == []
    assert content["image"] == {"width": 400, "height": 300}


def test_to_json_names_the_second_emotion_if_uncertain(service: Service, happy: bytes) -> None:
    answer = service.read(happy)
    doubtful = replace(answer.faces[0], uncertain=True)
    faces = [answer.faces[0], doubtful]
    content = to_json(Answer(answer.picture, faces), service.recognizer.classifier)
    assert [face["summary"] for face in content["faces"]] == [
        "happy",
        f"uncertain: happy or {doubtful.second}",
    ]


def test_to_json_adds_attention_and_crop_to_explain(service: Service, happy: bytes) -> None:
    answer = service.read(happy, explain=True)
    content = to_json(answer, service.recognizer.classifier, explain=True)
    check_type(schema.Expressions, content)
    [found] = content["faces"]
    assert list(found) == [*KEYS, "attention", "crop"]
    attention = np.array(found["attention"])
    assert attention.shape == (48, 48)
    assert attention.min() >= 0
    assert attention.max() == 1
    assert max(len(str(value)) for row in found["attention"] for value in row) <= len("0.123")
    png = Image.open(io.BytesIO(base64.b64decode(found["crop"], validate=True)))
    assert (png.format, png.mode) == ("PNG", "L")
    np.testing.assert_array_equal(np.asarray(png), answer.faces[0].crop)


def test_to_json_explains_only_faces_read_with_explain(service: Service, happy: bytes) -> None:
    with pytest.raises(ValueError, match="without explain"):
        to_json(service.read(happy), service.recognizer.classifier, explain=True)
