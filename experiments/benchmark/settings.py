"""What `experiments.benchmark.training` measures, the most telling first."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Setting:
    """One way to train a variant as the recipe `fast` does; the other side's update is `Cell`'s.

    Attributes:
      side: `ours`; `torch`, eager; or `torch.compile`.
      variant: architecture.
      batch: sequences an update.
      updates_per_call, unroll, frames_on_device: see the configuration's fields; ours only. The
        other side's frames are on the device beforehand.
      precision: one of `vstm.PRECISIONS`.
      optimizer: ours only; `adam` on one target is the other side's update.
      num_targets: frames that are predicted.
      size: side of the frames, pixels.
      seconds: to measure for.
    """

    side: str
    variant: str
    batch: int = 4
    updates_per_call: int = 20
    unroll: int = 1
    frames_on_device: bool = True
    precision: str = "tensorfloat32"
    optimizer: str = "adam"
    num_targets: int = 1
    size: int = 64
    seconds: float = 4.0


def settings(toy: bool = False) -> list[Setting]:
    """All of them; `toy` for a few, of small frames."""
    if toy:
        small = Setting("ours", "conv-2enc-1LSTM", 2, 2, size=32, seconds=0.1)
        return [
            small,
            replace(small, frames_on_device=False),
            replace(small, unroll=10, updates_per_call=1),
            replace(small, side="torch"),
        ]
    chosen = []
    for variant in ("conv-1enc-2LSTM", "conv-1enc-1LSTM"):
        ours = Setting("ours", variant, unroll=10)
        fast = replace(ours, optimizer="muon", num_targets=8)
        chosen += [
            fast,
            ours,
            replace(ours, side="torch"),
            replace(ours, side="torch.compile"),
            replace(fast, batch=32),
            replace(ours, batch=32),
            replace(ours, side="torch.compile", batch=32),
            replace(fast, batch=32, frames_on_device=False),
            replace(fast, frames_on_device=False),
            replace(fast, updates_per_call=1),
            replace(fast, unroll=1),
            replace(fast, unroll=1, updates_per_call=1),
            replace(fast, precision="float32"),
            replace(fast, precision="bfloat16"),
            replace(ours, side="torch.compile", precision="bfloat16"),
        ]
    others = ("conv-2enc-1LSTM", "conv-2enc-2LSTM", "fc-2enc-1LSTM", "fc-2enc-2LSTM")
    return chosen + [
        Setting("ours", variant, unroll=10, optimizer="muon", num_targets=8) for variant in others
    ]
