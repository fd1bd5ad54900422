import pytest
from published_numbers import PARAMETERS

from experiments.configs.config import resolve
from experiments.configs.moving_mnist import get_config
from experiments.run import build
from experiments.run.summary import module_table
from vstm.variants import VARIANTS


def rows_of(variant):
    config = resolve(get_config(variant))
    return module_table(build.make_model(config), config.tau, build.CHANNELS).splitlines()


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_module_and_the_total_have_the_published_counts(variant):
    rows = rows_of(variant)
    counts = {row.split()[0]: row.split()[1] for row in rows[1:-1]}
    *modules, total = PARAMETERS[variant]
    for name, expected in zip(("encoder", "memory", "flow_head", "decoder"), modules, strict=True):
        assert counts[name] == f"{expected:,}"
    assert rows[-1] == f"total {total}"


def test_modules_have_counts_and_shapes():
    rows = rows_of("fc-2enc-1LSTM")
    cells = {row.split()[0]: row.split(maxsplit=2)[1:] for row in rows[1:-1]}
    assert cells["encoder"] == ["25,920", "[10, 1, 16, 16, 32]"]
    assert cells["Dense_0"] == ["16,779,264", "[10, 1, 2048]"]
    assert cells["PeepholeLSTM_0"] == ["33,568,768", "[10, 1, 2048]"]
    assert cells["memory"] == ["50,348,032", "[10, 1, 16, 16, 8]"]
    assert cells["flow_head"] == ["4,506", "[1, 1, 16, 16, 2]"]
    assert cells["decoder"] == ["25,889", "[1, 1, 64, 64, 1]"]
