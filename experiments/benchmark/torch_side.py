"""PyTorch's side of the benchmark."""

import os
from collections.abc import Callable

import torch

from experiments.benchmark.cells import CLIP_NORM, LEARNING_RATE, Cell
from experiments.benchmark.torch_model import Autoencoder, objective
from vstm.variants import get_variant

_DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def make_update(
    model: Autoencoder, *, compiled: bool = False, bfloat16: bool = False
) -> Callable[[torch.Tensor], torch.Tensor]:
    """The update that `Cell` describes: takes frames, returns the loss before it.

    Args:
      model: what is trained.
      compiled: whether `torch.compile` makes the forward and the backward pass.
      bfloat16: whether products are in bfloat16 (autocast).
    """
    value = torch.compile(objective) if compiled else objective
    optimizer = torch.optim.Adam(model.parameters(), LEARNING_RATE)

    def update(frames: torch.Tensor) -> torch.Tensor:
        optimizer.zero_grad()
        with torch.autocast(_DEVICE.type, torch.bfloat16, enabled=bfloat16):
            loss = value(model, frames)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP_NORM)
        optimizer.step()
        return loss.detach()

    return update


def prepare(
    cell: Cell, *, compiled: bool = False, precision: str | None = None
) -> tuple[Callable[[], None], float, int]:
    """Builds the model of a cell.

    Args:
      cell: what it is.
      compiled: as of `make_update`.
      precision: of products, one of `vstm.PRECISIONS`; None for what PyTorch does by itself.

    Returns:
      A function that runs it once and waits for the end; 0, as nothing is compiled; parameters.
    """
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    torch.manual_seed(0)
    if precision is not None:
        torch.backends.cuda.matmul.allow_tf32 = precision != "float32"
        torch.backends.cudnn.allow_tf32 = precision != "float32"
    model = Autoencoder(get_variant(cell.variant), cell.size).to(_DEVICE)
    num_parameters = sum(parameter.numel() for parameter in model.parameters())
    num_frames = cell.tau + 1 if cell.phase == "train" else 1
    shape = (cell.batch, num_frames, 1, cell.size, cell.size)
    frames = (torch.rand(shape, device=_DEVICE) > 0.8).float()

    if cell.phase == "train":
        update = make_update(model, compiled=compiled, bfloat16=precision == "bfloat16")

        def run() -> None:
            update(frames)
            _wait()

        return run, 0.0, num_parameters

    state = None

    def step() -> None:
        nonlocal state
        with torch.inference_mode():
            _, _, state = model(frames, state)
        _wait()

    return step, 0.0, num_parameters


def _wait() -> None:
    if _DEVICE.type == "cuda":
        torch.cuda.synchronize()


def device() -> str:
    """What it runs on."""
    return torch.cuda.get_device_name() if _DEVICE.type == "cuda" else "cpu"


def peak_device_bytes() -> int | None:
    """Largest memory in use on an accelerator; None on the CPU."""
    return torch.cuda.max_memory_allocated() if _DEVICE.type == "cuda" else None
