"""Measures how often a network is right during training."""

import keras
import numpy as np

from train_resnet.run.data import Examples

_BATCH = 256


def validate(network: keras.Model, data: Examples) -> tuple[dict[str, float], float]:
    """Returns `head_accuracies`, and the first head's mean cross-entropy with the labels, in nats."""
    # Whole batches only: an accelerator's compiler would compile again for a smaller last batch.
    count = len(data)
    rows = np.arange(-(-count // _BATCH) * _BATCH) % count
    answers = network.predict(
        data.crops[rows][..., None].astype(np.float32), batch_size=_BATCH, verbose=0
    )
    truth = {"fer_head": data.labels.argmax(1), "votes_head": data.votes.argmax(1)}
    logits = {head: answers[head][:count] for head in truth if head in answers}
    right = {head: values.argmax(1) == truth[head] for head, values in logits.items()}
    scores = {"fer_head": float(right["fer_head"].mean())}
    if "votes_head" in right and data.votes_weight.any():
        scores["votes_head"] = float(right["votes_head"][data.votes_weight > 0].mean())
    values = logits["fer_head"] - logits["fer_head"].max(1, keepdims=True)
    likelihood = values - np.log(np.exp(values).sum(1, keepdims=True))
    return scores, float(-(likelihood * data.labels).sum(1).mean())


def head_accuracies(network: keras.Model, data: Examples) -> dict[str, float]:
    """Returns each head's accuracy on its own labels: FER-2013's, and the winners of the votes."""
    return validate(network, data)[0]
