"""Numbers that others report on ten frames of moving MNIST after ten, for comparison with ours.

Each row has a `run`, the method, and some of `mean_mse`, the squared error summed over a frame,
`mean_nats_per_frame`, of binary targets or intensities as the source has it, `parameters` and
`epochs`. All are trained on two digits of 64x64 pixels, drawn anew or from 10,000 sequences, and
scored on the published 10,000.
"""

from typing import Any


def _row(run: str, **values: float) -> dict[str, Any]:
    return {"name": "published", "run": run} | values


AHEAD: tuple[dict[str, Any], ...] = (
    _row("ConvLSTM (OpenSTL)", parameters=15_000_000, epochs=200, mean_mse=29.80),
    _row("PredNet (OpenSTL)", parameters=12_500_000, epochs=200, mean_mse=161.38),
    _row("PredRNN (OpenSTL)", parameters=23_800_000, epochs=200, mean_mse=23.97),
    _row("PhyDNet (OpenSTL)", parameters=3_100_000, epochs=200, mean_mse=28.19),
    _row("SimVP-gSTA (OpenSTL)", parameters=46_800_000, epochs=200, mean_mse=26.69),
    _row("TAU (OpenSTL)", parameters=44_700_000, epochs=200, mean_mse=24.60),
    _row("DMVFN (OpenSTL)", parameters=3_500_000, epochs=200, mean_mse=123.67),
    _row("ConvLSTM (Shi et al. 2015)", mean_nats_per_frame=367.2),
    _row("LSTM (Srivastava et al. 2015)", mean_nats_per_frame=341.2),
    _row("DFN (De Brabandere et al. 2016)", mean_nats_per_frame=285.2),
    _row("VLN (Cricri et al. 2016)", mean_nats_per_frame=187.7),
    _row("this paper (Patraucean et al. 2016)", mean_nats_per_frame=179.8),
    _row("VPN (Kalchbrenner et al. 2017)", mean_nats_per_frame=87.6),
)
"""Sources: OpenSTL (Tan et al. 2023), its benchmark of video prediction; the papers named."""
