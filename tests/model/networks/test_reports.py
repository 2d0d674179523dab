"""The networks of the reports have the right size, learn, and run on LiteRT."""

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from train_resnet.run.architectures import build
from train_resnet.run.data import Batch
from train_resnet.run.steps import train_on_batch
from train_resnet.serve.export import to_litert

# As the reports print it: 2,831,107, "about 60,000"; else as the papers' or libraries' networks have
# it, but for one channel in and seven emotions out.
PARAMETERS = {
    "cnn-2x100": 2_831_107,
    "resnet34": 21_299_015,
    "cnn-shallow": 679_435,
    "cnn-wide": 450_503,
    "mini-xception": 58_423,
    "xception": 20_875_247,
    "dexpression": 434_519,
    "cnn-rmsprop": 1_468_135,
    "resnet50": 23_595_783,
    "dcnn": 5_934_535,
    "cnn-4conv": 4_478_727,
    "deepface-emotion": 1_485_831,
}
# One of each kind of layer and of head: a row of the comparison trains and exports every one.
KINDS = ["cnn-wide", "mini-xception", "dexpression", "deepface-emotion", "resnet34"]
# Two of each emotion.
_IMAGES = 14
# The dear ones take few steps, of smaller faces, for the time that tests may take.
_DEAR = {"resnet34": 24}


@pytest.mark.slow
@pytest.mark.parametrize(("arch", "parameters"), PARAMETERS.items())
def test_build_gives_a_network_of_its_reports_size_and_answer(arch: str, parameters: int) -> None:
    network = build(arch, dropout=0.2)
    assert network.count_params() == parameters
    assert {head: answer.shape for head, answer in network.output.items()} == {
        "fer_head": (None, 7)
    }


@pytest.mark.slow
@pytest.mark.parametrize("arch", KINDS)
def test_train_on_batch_teaches_a_network_images_by_heart(arch: str) -> None:
    side, steps = _DEAR.get(arch, 48), 4 if arch in _DEAR else 12
    network = build(arch, dropout=0.0, side=side)
    network.compile(
        keras.optimizers.Adam(1e-3),
        loss={"fer_head": keras.losses.CategoricalCrossentropy(from_logits=True)},
        # So few steps take less time than tracing the network.
        run_eagerly=True,
        jit_compile=False,
    )
    rng = np.random.default_rng(0)
    emotions = np.arange(_IMAGES) % 7
    faces = rng.integers(0, 90, (_IMAGES, side, side, 1)).astype(np.float32)
    for face, emotion in zip(faces, emotions, strict=True):
        face[emotion * side // 8 : (emotion + 2) * side // 8] += 150
    labels, ones = np.eye(7, dtype=np.float32)[emotions], np.ones(_IMAGES, np.float32)
    batch = Batch(faces, {"fer_head": labels}, {"fer_head": ones})
    losses = [train_on_batch(network, batch) for _ in range(steps)]
    # Beyond what knowing how often each emotion comes would give.
    assert losses[-1] < losses[0] - 0.2


@pytest.mark.slow
@pytest.mark.parametrize(
    "arch", ["cnn-2x100", "cnn-wide", "mini-xception", "dexpression", "deepface-emotion"]
)
def test_to_litert_says_what_keras_says(arch: str) -> None:
    network = build(arch, dropout=0.0)
    interpreter = Interpreter(model_content=to_litert(network))
    interpreter.allocate_tensors()
    face = np.random.default_rng(0).integers(0, 256, (1, 48, 48, 1)).astype(np.float32)
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], face)
    interpreter.invoke()
    [answer] = interpreter.get_output_details()
    expected = np.asarray(network(face, training=False)["fer_head"])
    scale = max(1, float(np.abs(expected).max()))
    seen = interpreter.get_tensor(answer["index"])
    np.testing.assert_allclose(seen / scale, expected / scale, atol=0.05)
