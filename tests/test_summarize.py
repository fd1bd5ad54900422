import pytest

from experiments.config import resolve
from experiments.configs.moving_mnist import get_config
from experiments.summarize import module_table
from vstm.variants import VARIANTS

# SPEC, table of section 1
TOTALS = {
    "conv-1enc-1LSTM": 703_651,
    "conv-1enc-2LSTM": 6_083_563,
    "conv-2enc-1LSTM": 1_285_995,
    "conv-2enc-2LSTM": 6_132_203,
    "fc-2enc-1LSTM": 50_404_347,
    "fc-2enc-2LSTM": 83_973_115,
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_last_line_is_the_total(variant):
    table = module_table(resolve(get_config(variant)))
    assert table.splitlines()[-1] == f"total {TOTALS[variant]}"


def test_modules_have_counts_and_shapes():
    rows = module_table(resolve(get_config("fc-2enc-1LSTM"))).splitlines()
    cells = {row.split()[0]: row.split(maxsplit=2)[1:] for row in rows[1:-1]}
    assert cells["encoder"] == ["25,920", "[10, 1, 16, 16, 32]"]
    assert cells["Dense_0"] == ["16,779,264", "[10, 1, 2048]"]
    assert cells["PeepholeLSTM_0"] == ["33,568,768", "[10, 1, 2048]"]
    assert cells["memory"] == ["50,348,032", "[10, 1, 16, 16, 8]"]
    assert cells["flow_head"] == ["4,506", "[1, 16, 16, 2]"]
    assert cells["decoder"] == ["25,889", "[1, 64, 64, 1]"]
