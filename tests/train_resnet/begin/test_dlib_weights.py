from collections.abc import Sequence
from pathlib import Path

import cv2
import dlib
import keras
import numpy as np
import pytest
from keras import ops
from matplotlib.cbook import get_sample_data

from preprocessing.faces import dlib_model
from preprocessing.images import decode
from train_resnet.begin import dlib_weights
from train_resnet.begin.dlib_weights import convolutions
from train_resnet.begin.pretrained import begin_with
from train_resnet.run.architectures import build
from train_resnet.serve.export import golden_crops

_FILE = "dlib_face_recognition_resnet_model_v1.dat"
_MEANS = np.array([122.782, 117.001, 104.298], np.float32)


def _recogniser(rgb: np.ndarray, stages: Sequence[int], padding: str) -> np.ndarray:
    """The features that dlib's network makes of pictures, written as its example defines it."""
    learnt = iter(convolutions())

    def convolution(x: keras.KerasTensor, stride: int) -> keras.KerasTensor:
        kernel, bias = next(learnt)
        return ops.conv(x, kernel, stride, padding="same" if stride == 1 else padding) + bias

    x = ops.relu(convolution((rgb - _MEANS) / 256, 2))
    x = ops.max_pool(x, 3, 2, padding)
    for stage, depth in enumerate(stages):
        for block in range(depth):
            down = stage > 0 and block == 0
            y = convolution(ops.relu(convolution(x, 2 if down else 1)), 1)
            if down:
                x = ops.average_pool(x, 2, 2, padding)
            # What is smaller is added as if zeros stood beside it.
            total = np.zeros(np.maximum(x.shape, y.shape), np.float32)
            for each in (x, y):
                total[tuple(map(slice, each.shape))] += ops.convert_to_numpy(each)
            x = ops.relu(total)
    return ops.convert_to_numpy(x)


def test_the_file_is_read_as_dlib_reads_it() -> None:
    picture = decode(get_sample_data("grace_hopper.jpg", asfileobj=False)).pixels[40:340, 120:420]
    chip = cv2.resize(picture, (150, 150), interpolation=cv2.INTER_AREA)
    path = dlib_model(_FILE)
    expected = dlib.face_recognition_model_v1(str(path)).compute_face_descriptor(chip)
    content = path.read_bytes()
    # The last matrix is not read: its sizes take 16 bytes.
    matrix = np.frombuffer(content, "<f4", 256 * 128, content.index(b"\x01\x04fc_2") + 6 + 16)
    features = _recogniser(chip[None].astype(np.float32), (3, 4, 3, 3, 1), "valid").mean((1, 2))
    np.testing.assert_allclose(features @ matrix.reshape(256, 128), [expected], atol=1e-4)


def test_a_network_begins_with_what_the_recogniser_sees() -> None:
    network = build("dlib-resnet", dropout=0.0)
    crops = golden_crops()
    begin_with(network, "dlib", crops)
    see = keras.Model(network.input, network.get_layer("stage4_block3_relu").output)
    seen = see.predict(crops[..., None].astype(np.float32), verbose=0)
    grey = crops[..., None].astype(np.float32)
    grey = (grey - grey.mean((1, 2, 3), keepdims=True)) / grey.std((1, 2, 3), keepdims=True)
    large = ops.image.resize(grey * 60 + _MEANS.mean(), (128, 128), "bilinear")
    expected = _recogniser(np.repeat(large, 3, -1), (3, 4, 3, 3), "same")
    assert expected.std() > 0.5
    # At the borders the one pads with a grey of 115, the other with the mean of each colour.
    np.testing.assert_allclose(seen, expected * 0.3, atol=0.03)


def test_what_is_not_the_recogniser_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = tmp_path / _FILE
    monkeypatch.setattr(dlib_weights, "dlib_model", lambda name: tmp_path / name)
    with pytest.raises(ValueError, match="is not dlib's recogniser"):
        convolutions()
    content = dlib_model(_FILE).read_bytes()
    # In the middle of a tensor, and after a whole layer.
    for end, complaint in ((100_000, "buffer"), (57_233, "2 convolutions")):
        cut.write_bytes(content[:end])
        with pytest.raises(ValueError, match=f"is not dlib's recogniser.*{complaint}"):
            convolutions()


@pytest.mark.parametrize("name", ["resnet18-w16", "resnet34-w16", "mini-xception"])
def test_only_its_own_architecture_begins_with_it(name: str) -> None:
    with pytest.raises(ValueError, match="its weights are for a dlib-resnet"):
        begin_with(build(name, dropout=0.0), "dlib", golden_crops())
