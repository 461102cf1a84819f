"""Which labels are likely wrong, by confident learning."""

import warnings

import numpy as np

from ml.data.arrays import Floats, Ints, Mask

# Fewer faces say nothing about what a class usually looks like to a model.
ENOUGH = 50
# How many labels are wrong is what the confident joint says; which ones, what the model
# believes of each. Of four rules of cleanlab's it found most planted lies (nine in ten,
# by the shipped model on Tune) and the fewest other labels (one in six).
FILTER = "low_self_confidence"


def find_issues(labels: Ints, probabilities: Floats) -> Mask:
    """[n] which of the labels confident learning takes for wrong (Northcutt, Jiang and
    Chuang 2021), as cleanlab computes it.

    labels int64 [n]; probabilities [n, k], of a model that had not learned from these
    faces: one that has would believe its labels.
    """
    if len(labels) < ENOUGH or len(np.unique(labels)) < 2:
        return np.zeros(len(labels), bool)
    from cleanlab.filter import find_label_issues  # brings pandas: not at import

    # In single precision some rows would sum to a little more than 1.
    p = np.asarray(probabilities, np.float64)
    p = p / p.sum(1, keepdims=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes with few faces
        found = find_label_issues(labels, p, filter_by=FILTER, n_jobs=1)
    return np.asarray(found, bool)
