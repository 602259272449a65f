"""How well codes find images of the same class."""

from aeutils.checks import checked
from aeutils.codes.search import nearest, precision_at
from aeutils.data.base import DataSet, as_float
from aeutils.measures.evaluate import encode
from aeutils.models import Autoencoder

QUERIES = 5_000  # of a search by codes


@checked
def retrieval(model: Autoencoder, data: DataSet) -> dict[str, float]:
    """How many of the four training images nearest to a test image by cosine are of its class, in %, for the first
    5,000 test images: by the model's codes, and by the pixels."""
    queries, measures = data.test.take(QUERIES), {}
    for key, features in {
        "precision_codes": lambda split: encode(model, split),
        "precision_pixels": lambda split: as_float(split.x),
    }.items():
        neighbours = nearest(features(queries), features(data.train), 4)
        measures[key] = 100 * precision_at(neighbours, queries.labels, data.train.labels)
    return measures
