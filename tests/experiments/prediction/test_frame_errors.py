import numpy as np
import pytest

from experiments.prediction.frame_errors import FrameErrors
from vstm.inference.predictor import Prediction


def predicted(frame, flow, unmoved):
    return Prediction(
        frame, flow.astype(np.float32), np.empty(0), np.empty(0), decode_unmoved=lambda: unmoved
    )


def test_errors_are_of_clipped_frames_and_an_exact_one_counts_100_at_any_size(tmp_path):
    for size in ((8, 8), (12, 12)):
        target = np.indices(size).sum(axis=0).astype(np.float32) % 2
        made = predicted(3 * target - 1, np.zeros((*size, 2)), 2 * target)
        image = (255 * target).astype(np.uint8)
        with FrameErrors(tmp_path / "metrics.csv", 0.5, zero_flow=True) as errors:
            errors.add(1, 0.1, 255 - image, image, made)
        means = errors.means()
        assert (means["mean_squared_error"], means["zero_flow"]) == (0, 0)
        assert (means["psnr"], means["copy_last"]) == (100, 1)
        assert means["flicker"] is None
        assert (means["ssim"] is None) == (size == (8, 8))


def test_nothing_is_decoded_for_a_zero_flow_that_is_not_asked_for(tmp_path):
    image = np.zeros((12, 12), np.uint8)
    empty = np.empty(0)
    made = Prediction(image / np.float32(255), np.zeros((12, 12, 2)), empty, empty, pytest.fail)
    with FrameErrors(tmp_path / "metrics.csv", 0.5) as errors:
        errors.add(1, 0.1, image, image, made)
    assert "zero_flow" not in errors.means()


def test_flicker_is_the_flows_change_where_nothing_changes(tmp_path):
    rng = np.random.default_rng(0)
    frames = np.zeros((4, 12, 14), np.uint8)
    frames[:, :, 7:] = rng.integers(0, 256, (4, 12, 7))  # the right half changes
    flows = rng.normal(size=(3, 12, 14, 2)).astype(np.float32)
    with FrameErrors(tmp_path / "metrics.csv", 0.5) as errors:
        for t in range(3):
            made = predicted(frames[t] / np.float32(255), flows[t], None)
            errors.add(t + 1, t / 30, frames[t], frames[t + 1], made)
        means = errors.means()
    changes = np.sqrt(np.square(flows[1:] - flows[:-1]).sum(axis=-1))[:, :, :7]
    # Pixels of the right half are still by chance, rarely.
    assert means["flicker"] == pytest.approx(changes.mean(), rel=0.05)
    lengths = np.sqrt(np.square(flows).sum(axis=-1))
    assert means["flow_length"] == pytest.approx(lengths.mean(), rel=1e-5)
    assert means["moving"] == pytest.approx((lengths > 0.5).mean(), rel=1e-5)
