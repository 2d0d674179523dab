"""Combines several networks into one."""

from collections.abc import Sequence
from math import lcm

import keras
from keras import layers


def side_by_side(
    networks: Sequence[keras.Model], weights: Sequence[int] | None = None
) -> keras.Model:
    """Combines trained networks into one that averages their maps and logits.

    Lakshminarayanan et al., "Simple and Scalable Predictive Uncertainty Estimation using Deep
    Ensembles" (NeurIPS 2017), average probabilities. Averaging logits keeps each logit the mean of its
    map.

    Args:
        networks: networks with heads from `add_heads`, such as `resnet`, all for the same side. Maps
            of different sizes are enlarged to their least common multiple, which changes no mean.
        weights: how many times each network counts in the means; None counts each once.

    Returns:
        A model as from `resnet`; the first network's layers have names that begin with "trunk1_".
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
