import numpy as np
import pytest

from vstm.metrics.two_level_entropy import TwoLevelEntropy


def test_two_level_entropy_is_the_best_of_all_pairs_of_levels():
    generator = np.random.default_rng(0)
    image = generator.integers(0, 2, 500)
    target = np.where(generator.uniform(size=500) < 0.2, 1 - image, image)
    entropy = TwoLevelEntropy()
    entropy.add(image[:100], target[:100])
    entropy.add(image[100:], target[100:])
    levels = np.linspace(0.001, 0.999, 999)
    loss = [
        min(-(t * np.log(levels[:, None]) + (1 - t) * np.log(1 - levels[:, None])).sum(axis=1))
        for t in (target[image == 0], target[image == 1])
    ]
    assert entropy.value() == pytest.approx(sum(loss) / 500, rel=1e-4)
    assert entropy.binary
    entropy.add(image, 0.5 * target)
    assert not entropy.binary
