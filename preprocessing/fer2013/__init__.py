"""FER-2013 and the FER+ votes: reading them, what the votes say, and aligning the faces."""

from preprocessing.fer2013.aligning import align_image, align_images
from preprocessing.fer2013.cache import aligned, default_cache
from preprocessing.fer2013.dataset import CLASSES, SPLITS, Fer2013, InvalidDataset, occurs_in
from preprocessing.fer2013.reading import load
from preprocessing.fer2013.votes import VOTE_COLUMNS, vote_distribution, vote_majority

__all__ = [
    "CLASSES",
    "SPLITS",
    "VOTE_COLUMNS",
    "Fer2013",
    "InvalidDataset",
    "align_image",
    "align_images",
    "aligned",
    "default_cache",
    "load",
    "occurs_in",
    "vote_distribution",
    "vote_majority",
]
