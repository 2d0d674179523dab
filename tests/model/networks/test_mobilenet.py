from train_resnet.run.network import build_network
from train_resnet.run.recipe import Recipe


def test_mobilenet_keeps_all_but_1x1_convolutions_in_float32() -> None:
    network = build_network(Recipe(arch="mobilenet-128", precision="mixed_bfloat16"))
    layers = {layer.name: layer.compute_dtype for layer in network.layers if layer.weights}
    in_bfloat16 = {name for name, dtype in layers.items() if dtype == "bfloat16"}
    assert in_bfloat16 == {f"block{block}_conv" for block in range(1, 14)}
    assert {dtype for name, dtype in layers.items() if name not in in_bfloat16} == {"float32"}
