"""Several networks as one."""

from collections.abc import Sequence
from math import lcm

import keras
from keras import layers


def side_by_side(
    networks: Sequence[keras.Model], weights: Sequence[int] | None = None
) -> keras.Model:
    """Several trained networks as one: each sees the face, and their maps and logits are averaged.

    Lakshminarayanan et al., "Simple and Scalable Predictive Uncertainty Estimation using Deep
    Ensembles" (NeurIPS 2017), whose mean is of probabilities; that of logits keeps the logits the
    means of the maps.

    Args:
        networks: what `resnet` gives, or others with heads of `add_heads`, for the same side. Maps of
            different sizes are enlarged to the least common multiple, which changes no mean.
        weights: how many times each counts in the means; once each without.

    Returns:
        A model as `resnet` gives it; the layers of the first have names that begin with "trunk1_".
    """
    face = keras.Input(networks[0].input.shape[1:], name="face")
    trunks = []
    for number, network in enumerate(networks, start=1):
        trunk = keras.models.clone_model(
            network,
            input_tensors=face,
            clone_function=lambda layer, number=number: layer.__class__.from_config(
                {**layer.get_config(), "name": f"trunk{number}_{layer.name}"}
            ),
        )
        trunk.set_weights(network.get_weights())
        trunks.append(trunk)
    outputs = {}
    for head in ("fer", "votes"):
        maps = [
            trunk.get_layer(f"trunk{number}_{head}_maps").output
            for number, trunk in enumerate(trunks, start=1)
        ]
        side = lcm(*(each.shape[1] for each in maps))
        alike = [
            each
            if each.shape[1] == side
            else layers.UpSampling2D(side // each.shape[1], interpolation="bilinear")(each)
            for each in maps
        ]
        counted = [
            each
            for each, weight in zip(alike, weights or [1] * len(alike), strict=True)
            for _ in range(weight)
        ]
        mean = layers.Average(name=f"{head}_maps")(counted)
        outputs[f"{head}_head"] = layers.GlobalAveragePooling2D(name=f"{head}_head")(mean)
    return keras.Model(face, outputs, name=f"{networks[0].name}_x{len(networks)}")
