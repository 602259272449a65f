"""Digits8: real handwritten digits that need no download, scikit-learn's 1,797 images of 8x8 pixels."""

import torch

from aeutils.checks import SEED, checked
from aeutils.data.base import DataSet, Split

TEST = 297


@checked
def digits8(seed: SEED = 0) -> DataSet:
    """Images uint8 [N, 1, 8, 8] (0..255), 1,500 to train and 297 to test, both with every digit in its share."""
    from sklearn.datasets import load_digits  # here, because its import is slow and the other data sets do without
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    x = torch.from_numpy(digits.images * (255 / 16)).round().to(torch.uint8).unsqueeze(1)  # 0..16 in the original
    labels = torch.from_numpy(digits.target).long()
    rows = range(len(labels))
    parts = train_test_split(rows, test_size=TEST, stratify=digits.target, random_state=seed)
    train, test = (Split(x[part], labels[part]) for part in parts)
    return DataSet("digits8", "scikit-learn", tuple("0123456789"), train, test)
