"""Which implementation convolves, by kernel, number of maps and platform."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vstm.ops.convolution.convolve import choose_implementation, conv2d, plan_convolution
from vstm.ops.convolution.direct import DirectConvolution
from vstm.ops.convolution.fourier import FourierConvolution

CONV_LSTM_KERNEL = (7, 7, 32 + 45, 4 * 45)


@pytest.mark.parametrize("platform", ["gpu", "tpu"])
@pytest.mark.parametrize("num_maps", [1, 1000, np.inf])
def test_accelerators_convolve_directly(platform, num_maps):
    assert choose_implementation(num_maps, CONV_LSTM_KERNEL, platform) == "direct"


@pytest.mark.parametrize(
    "num_maps, kernel_shape, expected",
    [
        (80, CONV_LSTM_KERNEL, "fourier"),
        (np.inf, CONV_LSTM_KERNEL, "fourier"),
        (1, CONV_LSTM_KERNEL, "direct"),
        (np.inf, (7, 7, 1, 32), "direct"),
        (np.inf, (1, 1, 77, 180), "direct"),
        (80, (3, 3, 77, 180), "fourier"),
        (80, (3, 3, 8, 32), "direct"),
        (np.inf, (15, 15, 45, 2), "rows"),
        (80, (15, 15, 45, 2), "fourier"),
    ],
    ids=[
        "many maps",
        "prepared",
        "one map",
        "encoder",
        "1x1",
        "3x3",
        "3x3 of few features",
        "flow",
        "flow in training",
    ],
)
def test_cpu_transforms_where_the_kernel_is_large_and_often_used(num_maps, kernel_shape, expected):
    assert choose_implementation(num_maps, kernel_shape, "cpu") == expected


@pytest.mark.parametrize(
    "implementation, num_maps, kind",
    [
        ("auto", np.inf, FourierConvolution),
        ("auto", 1, DirectConvolution),
        ("direct", np.inf, DirectConvolution),
        ("fourier", 1, FourierConvolution),
    ],
)
def test_plan_follows_the_name_and_auto_the_number_of_maps(
    implementation, num_maps, kind, monkeypatch
):
    monkeypatch.setattr(jax, "default_backend", lambda: "cpu")
    plans = [
        plan_convolution(implementation, num_maps, (16, 16), CONV_LSTM_KERNEL, batch=1)
        for _ in range(2)
    ]
    assert all(isinstance(plan, kind) for plan in plans)
    assert len(set(plans)) == 1


def test_auto_is_direct_on_gpus(monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    plan = plan_convolution("auto", np.inf, (16, 16), CONV_LSTM_KERNEL, batch=1)
    assert isinstance(plan, DirectConvolution)


def test_unknown_implementation_is_refused():
    with pytest.raises(ValueError, match=r"'winograd'.*auto, direct, rows, fourier"):
        plan_convolution("winograd", 1, (8, 8), (3, 3, 1, 1), batch=1)
    with pytest.raises(ValueError, match=r"'winograd'.*auto, direct, rows, fourier"):
        conv2d(jnp.zeros((8, 8, 1)), jnp.zeros((3, 3, 1, 1)), "winograd")
