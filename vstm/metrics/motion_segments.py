"""Segmentation by motion, and its agreement with the true one."""

import numpy as np
from jaxtyping import Float, Int

NUM_ITERATIONS = 10  # of k-means


def motion_segments(
    flow: Float[np.ndarray, "h w 2"], *, threshold: float, num_motions: int
) -> np.ndarray:
    """Pixels by motion: 0 where the flow is no longer than a threshold, else the nearest motion.

    The motions are the means of k-means on the flow of the moving pixels, which starts from
    the longest flow and, one after the other, from that which is farthest from those before.

    Args:
      flow: (u, v).
      threshold: in the flow's unit, >= 0.
      num_motions: k, at least 1.

    Returns:
      int [h, w] in [0, num_motions].

    Source: choice.
    """
    vectors = flow.astype(np.float64)
    moving = np.linalg.norm(vectors, axis=-1) > threshold
    labels = np.zeros(moving.shape, int)
    points = vectors[moving]
    if not len(points):
        return labels
    centres = points[np.linalg.norm(points, axis=-1).argmax()][None]
    while len(centres) < num_motions:
        farthest = _distances(points, centres).min(axis=1).argmax()
        centres = np.concatenate([centres, points[farthest][None]])
    for _ in range(NUM_ITERATIONS):
        nearest = _distances(points, centres).argmin(axis=1)
        for k in set(nearest):
            centres[k] = points[nearest == k].mean(axis=0)
    labels[moving] = 1 + _distances(points, centres).argmin(axis=1)
    return labels


def _distances(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    return np.linalg.norm(points[:, None] - centres[None], axis=-1)


def adjusted_rand_index(labels: Int[np.ndarray, "*n"], truth: Int[np.ndarray, "*n"]) -> float:
    """Agreement of two partitions, corrected for chance: 1 if the same, about 0 at random.

    Of the pairs of pixels, with n_ij pixels of segment i in true segment j, a_i and b_j their
    sums and C(n) = n (n - 1) / 2,

        ARI = (sum C(n_ij) - E) / ((sum C(a_i) + sum C(b_j)) / 2 - E),
        E = sum C(a_i) sum C(b_j) / C(n)

    and 1 where both have one segment only.

    Source: Hubert and Arabie 1985.
    """
    _, rows = np.unique(labels, return_inverse=True)
    _, columns = np.unique(truth, return_inverse=True)
    table = np.zeros((rows.max() + 1, columns.max() + 1))
    np.add.at(table, (rows.ravel(), columns.ravel()), 1)

    def pairs(counts: np.ndarray) -> float:
        return float((counts * (counts - 1) / 2).sum())

    both, ours, theirs = pairs(table), pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    expected = ours * theirs / max(pairs(table.sum(keepdims=True)), 1)
    largest = (ours + theirs) / 2
    return 1.0 if largest == expected else (both - expected) / (largest - expected)
