"""The autoencoder in PyTorch, written as its users would write it: the benchmark's other side.

The same architecture and parameter counts as `vstm.model.Autoencoder`, in eager PyTorch on
its own kernels (oneDNN on the CPU, cuDNN on NVIDIA): one convolution of [x_t, h_{t-1}] a step,
autograd through the loop over time. Frames are [B, tau, C, H, W].
"""

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from experiments.benchmark.cells import SMOOTHNESS_WEIGHT
from vstm.modules.model_config import ModelConfig

KERNEL_SIZE = 7
FLOW_KERNEL_SIZE = 15


def same_conv(num_inputs: int, num_outputs: int, kernel_size: int) -> nn.Conv2d:
    return nn.Conv2d(num_inputs, num_outputs, kernel_size, padding=kernel_size // 2)


class ConvLSTM(nn.Module):
    """ConvLSTM layer without peepholes."""

    def __init__(self, num_inputs: int, num_features: int):
        super().__init__()
        self.num_features = num_features
        self.gates = same_conv(num_inputs + num_features, 4 * num_features, KERNEL_SIZE)

    def forward(self, x, carry):
        if carry is None:
            zeros = x.new_zeros(x.shape[0], self.num_features, *x.shape[2:])
            carry = zeros, zeros
        c, h = carry
        i, f, candidate, o = self.gates(torch.cat([x, h], dim=1)).chunk(4, dim=1)
        c = torch.tanh(candidate) * torch.sigmoid(i) + c * torch.sigmoid(f)
        return c, torch.sigmoid(o) * torch.tanh(c)


class PeepholeLSTM(nn.Module):
    """Fully connected LSTM layer with diagonal peepholes."""

    def __init__(self, num_inputs: int, num_units: int):
        super().__init__()
        self.num_units = num_units
        self.gates = nn.Linear(num_inputs + num_units, 4 * num_units)
        self.peepholes = nn.Parameter(torch.empty(3, num_units).uniform_(-0.08, 0.08))

    def forward(self, x, carry):
        if carry is None:
            zeros = x.new_zeros(x.shape[0], self.num_units)
            carry = zeros, zeros
        c, h = carry
        i, f, candidate, o = self.gates(torch.cat([x, h], dim=1)).chunk(4, dim=1)
        p_i, p_f, p_o = self.peepholes
        c_next = torch.tanh(candidate) * torch.sigmoid(i + p_i * c) + c * torch.sigmoid(f + p_f * c)
        return c_next, torch.sigmoid(o + p_o * c_next) * torch.tanh(c_next)


class Autoencoder(nn.Module):
    """Encoder, memory, flow head, warp and decoder of a variant."""

    def __init__(self, variant: ModelConfig, image_size: int):
        super().__init__()
        sizes = (1, *variant.encoder_features)
        self.encoder = nn.ModuleList(same_conv(i, o, KERNEL_SIZE) for i, o in pairwise(sizes))
        self.decoder = nn.ModuleList(
            same_conv(i, o, KERNEL_SIZE) for i, o in zip(sizes[:0:-1], sizes[-2::-1])
        )
        self.side = image_size // variant.downsampling
        self.projection = None
        memory_sizes = (sizes[-1], *variant.memory_features)
        if variant.memory == "conv":
            self.memory = nn.ModuleList(ConvLSTM(i, o) for i, o in pairwise(memory_sizes))
        else:
            area = self.side**2
            units = [area * maps for maps in variant.memory_features]
            self.projection = nn.Linear(area * sizes[-1], units[0])
            self.memory = nn.ModuleList(
                PeepholeLSTM(i, o) for i, o in zip([units[0], *units], units)
            )
        head = [
            same_conv(variant.memory_features[-1], 2, FLOW_KERNEL_SIZE),
            same_conv(2, 2, FLOW_KERNEL_SIZE),
        ]
        if variant.pointwise_flow:
            head.append(same_conv(2, 2, 1))
        nn.init.zeros_(head[-1].weight)
        assert head[-1].bias is not None
        nn.init.zeros_(head[-1].bias)
        self.flow_head = nn.Sequential(*head)
        self.scale = nn.Parameter(torch.full((2,), 2 / self.side))

    def encode(self, frames):
        for conv in self.encoder:
            frames = functional.max_pool2d(torch.tanh(conv(frames)), 2)
        return frames

    def warp(self, features, flow):
        steps = torch.arange(self.side, dtype=flow.dtype, device=flow.device)
        x, y = torch.meshgrid(steps, steps, indexing="xy")
        grid = flow.permute(0, 2, 3, 1) + torch.stack([x, y], dim=-1)
        normalised = 2 * grid / (self.side - 1) - 1
        return functional.grid_sample(
            features, normalised, padding_mode="zeros", align_corners=True
        )

    def decode(self, features):
        for conv in self.decoder:
            features = conv(functional.interpolate(features, scale_factor=2, mode="nearest"))
        return features

    def forward(self, frames, state=None):
        """Frames [B, tau, C, H, W] to (prediction [B, C, H, W], flow [B, 2, h, w], state)."""
        state = [None] * len(self.memory) if state is None else list(state)
        for frame in frames.unbind(dim=1):
            features = output = self.encode(frame)
            if self.projection is not None:
                output = self.projection(output.flatten(1))
            for index, layer in enumerate(self.memory):
                state[index] = layer(output, state[index])
                output = state[index][1]
        output = output.reshape(output.shape[0], -1, self.side, self.side)
        scaled = self.flow_head(output) * self.scale[:, None, None]
        flow = scaled.clamp(-0.5, 0.5) * (self.side / 2)
        return self.decode(self.warp(features, flow)), flow, state


def roughness(flow, delta=1e-3):
    """Huber penalty of the flow's central differences, mean over elements."""
    padded = functional.pad(flow, (1, 1, 1, 1), mode="replicate")
    across = (padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]) / 2
    down = (padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]) / 2
    gradient = torch.stack([across, down])
    return functional.huber_loss(gradient, torch.zeros_like(gradient), delta=delta)


def objective(model, frames):
    """Cross-entropy of the next frame and the smoothness penalty by its weight."""
    prediction, flow, _ = model(frames[:, :-1])
    loss = functional.binary_cross_entropy_with_logits(prediction, frames[:, -1])
    return loss + SMOOTHNESS_WEIGHT * roughness(flow)
