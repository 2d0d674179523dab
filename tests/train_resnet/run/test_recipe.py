import pytest

from model.labels import EMOTIONS
from train_resnet.run.recipe import Recipe


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"drop": ("joy",)}, "--drop takes some of angry, .* Received: joy"),
        ({"drop": EMOTIONS}, "--drop takes some of"),
        ({"validation": "none"}, "--validation is one of PublicTest, "),
        ({"optimizer": "lion"}, "--optimizer is one of sgd, adam, rmsprop"),
    ],
)
def test_recipe_refuses_what_cannot_be(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Recipe(**change)
