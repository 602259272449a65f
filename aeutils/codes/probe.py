"""Is the class still in the code? A linear classifier on frozen features tells."""

import warnings

from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits
from torch import Tensor

from aeutils.checks import Number, checked
from aeutils.checks.tensors import Codes, Labels


@checked
def linear_probe(
    train: Codes("N D ..."),
    train_labels: Labels("N"),
    test: Codes("M D ..."),
    test_labels: Labels("M"),
    *,
    strength: Number(above=0) = 1.0,
) -> float:
    """Share of test samples that logistic regression on standardised features classifies right, in [0, 1].

    train, test: features [N, ...], flattened to [N, D]; labels: [N]. strength: inverse of the L2 penalty on the
    weights; with few labels a smaller one may serve better. ValueError for a single class.
    """
    if train.shape[1:] != test.shape[1:]:
        raise ValueError(f"train has features {list(train.shape[1:])}, test {list(test.shape[1:])}; expected the same")
    if len(train_labels.unique()) < 2:
        raise ValueError("a classifier needs training samples of at least two classes")
    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=300))
    # One thread: those of NumPy and PyTorch wait for each other, which makes two of them 3 to 20 times slower.
    with warnings.catch_warnings(), threadpool_limits(1):
        # 300 steps are where the accuracy has long settled; the last digits of the weights do not matter here.
        warnings.simplefilter("ignore", ConvergenceWarning)
        classifier.fit(_rows(train), train_labels.cpu().numpy())
    return float(classifier.score(_rows(test), test_labels.cpu().numpy()))


def _rows(features: Tensor):
    return features.detach().flatten(1).float().cpu().numpy()
