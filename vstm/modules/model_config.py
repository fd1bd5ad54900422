"""What shapes the network: the one description that variants, configurations and files share."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

MEMORIES = ("conv", "fc")
OUTPUTS = ("logit", "intensity")
ENLARGEMENTS = ("nearest", "bilinear")
MAX_LAYERS = 8
MAX_FEATURES = 8_192
MAX_KERNEL_SIZE = 255
MAX_SIDE = 4_096


@dataclass(frozen=True)
class ModelConfig:
    """A network, apart from its parameters.

    The defaults are the paper's first variant, trained on moving MNIST.

    Attributes:
      encoder_features: output features of each convolution-pooling-downsampling (CPD) module, from
        the frame on; the decoder mirrors them.
      memory: `conv` for ConvLSTM layers, `fc` for a dense projection and peephole LSTM layers.
      memory_features: features of each memory layer; of `fc`, the feature maps that its units are
        arranged as.
      memory_kernel_size: side of the ConvLSTM's kernels, feature pixels, odd.
      memory_initial_range: bound of the memory's weights, uniform at initialisation.
      pointwise_flow: whether the flow head ends in a 1x1 convolution.
      recurrent_flow: whether the flow head carries the flow from frame to frame, against flicker.
      returning_gradient: whether gradients that lead back pass the flow's clamp, see
        `vstm.modules.flow_head.returning_clamp`.
      residual: whether the last frame, warped by the flow, is added to the decoder's output, which
        then starts at zero; for intensities.
      normalise_contrast: whether the encoder sees each frame with mean 0 and deviation 1, and the
        decoder's output is brought back to the last frame's; for intensities.
      tracking: whether the flow is carried on from frame to frame and mended by what each new frame
        shows, see `vstm.ops.registration`; the encoder then also sees what the mended flow leaves
        unexplained, the memory the flow, and the flow head says what changes. Of a `conv` memory.
      softening: whether the moved frame's detail is taken at the gain at which it was found again
        so far, see `vstm.ops.detail`; with tracking and residual.
      decoder_memory: whether the decoder also sees the memory's output, moved by the flow; for
        intensities.
      flow_enlargement: how the frame's flow is made of the map's, `nearest` or `bilinear`.
      output: what the decoder's output is: the `logit` of a binary pixel, or an `intensity`.
      frame_size: (H, W) of the training frames, pixels. The flow head's units are set by it, so
        that the flow on larger frames is the same in pixels; an `fc` memory takes no other size.

    Raises:
      TypeError: a value of another type; the message starts with the field's name.
      ValueError: a field outside its range; likewise.

    Source: Tables 1 and 2, section 4; the other options are choices: on real video, whose frames
    differ little, a decoder that reconstructs the whole frame loses more detail than changes
    between frames, and motion is learnt from texture, a small part of the intensities.
    """

    encoder_features: tuple[int, ...] = (32,)
    memory: str = "conv"
    memory_features: tuple[int, ...] = (45,)
    memory_kernel_size: int = 7
    memory_initial_range: float = 0.08
    pointwise_flow: bool = True
    recurrent_flow: bool = False
    returning_gradient: bool = False
    residual: bool = False
    normalise_contrast: bool = False
    tracking: bool = False
    softening: bool = False
    decoder_memory: bool = False
    flow_enlargement: str = "nearest"
    output: str = "logit"
    frame_size: tuple[int, ...] = (64, 64)

    def __post_init__(self) -> None:
        for field in fields(self):
            self._check_type(field.name, type(field.default))
        for name in ("encoder_features", "memory_features"):
            counts = getattr(self, name)
            in_range = all(1 <= count <= MAX_FEATURES for count in counts)
            self._require(
                1 <= len(counts) <= MAX_LAYERS and in_range,
                name,
                f"1 to {MAX_LAYERS} layers of 1 to {MAX_FEATURES} features, such as (32,)",
            )
        self._require(self.memory in MEMORIES, "memory", f"one of {', '.join(MEMORIES)}")
        self._require(self.output in OUTPUTS, "output", f"one of {', '.join(OUTPUTS)}")
        kernel_size = self.memory_kernel_size
        self._require(
            1 <= kernel_size <= MAX_KERNEL_SIZE and kernel_size % 2 == 1,
            "memory_kernel_size",
            f"an odd number from 1 to {MAX_KERNEL_SIZE}",
        )
        self._require(
            self.memory == "conv" or kernel_size == type(self).memory_kernel_size,
            "memory_kernel_size",
            f"{type(self).memory_kernel_size}, as an fc memory has no convolutions",
        )
        self._require(
            0 < self.memory_initial_range < float("inf"), "memory_initial_range", "a number above 0"
        )
        self._require(
            self.flow_enlargement in ENLARGEMENTS,
            "flow_enlargement",
            f"one of {', '.join(ENLARGEMENTS)}",
        )
        self._require(
            not self.tracking or self.memory == "conv",
            "tracking",
            "False, as the memory is fc and has no map of the flow",
        )
        self._require(
            not self.softening or (self.tracking and self.residual),
            "softening",
            "False, or tracking and residual, too",
        )
        self._require(
            not (self.tracking and self.recurrent_flow),
            "recurrent_flow",
            "False, as tracking carries the flow on",
        )
        for name in ("residual", "normalise_contrast", "tracking", "decoder_memory"):
            self._require(
                not getattr(self, name) or self.output == "intensity",
                name,
                "False, as the output is a logit and not an intensity",
            )
        factor = self.downsampling
        self._require(
            len(self.frame_size) == 2
            and all(0 < side <= MAX_SIDE and side % factor == 0 for side in self.frame_size),
            "frame_size",
            f"height and width up to {MAX_SIDE} that are divisible by {factor}, for the encoder's "
            f"{len(self.encoder_features)} poolings by two",
        )

    def _check_type(self, name: str, kind: type) -> None:
        value = getattr(self, name)
        whole = kind is tuple and isinstance(value, tuple) and all(type(n) is int for n in value)
        number = kind is float and isinstance(value, int | float) and not isinstance(value, bool)
        if not (whole or number or (kind not in (tuple, float) and type(value) is kind)):
            expected = "tuple of int" if kind is tuple else kind.__name__
            raise TypeError(f"{name}={value!r}: expected {expected}")

    def _require(self, condition: bool, name: str, expected: str) -> None:
        if not condition:
            raise ValueError(f"{name}={getattr(self, name)!r}: expected {expected}")

    @property
    def downsampling(self) -> int:
        """Image pixels a feature pixel, along one side."""
        return 2 ** len(self.encoder_features)

    @property
    def map_size(self) -> tuple[int, int]:
        """(h, w) of the feature maps of training frames."""
        return self.frame_size[0] // self.downsampling, self.frame_size[1] // self.downsampling

    def to_fields(self) -> dict[str, Any]:
        """Its fields as JSON holds them, with lists for tuples."""
        values = asdict(self).items()
        return {name: list(v) if isinstance(v, tuple) else v for name, v in values}

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> "ModelConfig":
        """The description of what `to_fields` returned.

        Raises:
          TypeError: an unknown field, or a value of another type.
          ValueError: a field outside its range.
        """
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in fields.items()
        }
        return cls(**values)
