"""Flow files of the Middlebury format, `.flo`, which MPI-Sintel uses too.

Little-endian: float32 202021.25, int32 width, int32 height, float32 [height, width, 2] of (u, v) in
pixels. Components beyond 1e9 in size mark pixels whose flow is unknown.

Source: Baker et al. 2011, vision.middlebury.edu/flow/code/flow-code/README.txt.
"""

from pathlib import Path

import numpy as np

from data.files.reading import reading

_MAGIC = np.float32(202021.25)
_HEADER_BYTES = 12
_UNKNOWN = 1e9
_MARK = np.float32(1.666666752e9)


def read_flo(path: Path) -> np.ndarray:
    """Flow of a file.

    Returns:
      float32 [h, w, 2], (u, v) = (x right, y down), pixels; NaN where it is unknown.

    Raises:
      OSError: unreadable.
      ValueError: not a flow file, or cut off; the message names the file.
    """
    with reading(path, "a .flo file"):
        content = path.read_bytes()
        if len(content) < _HEADER_BYTES or np.frombuffer(content, "<f4", 1)[0] != _MAGIC:
            raise ValueError(f"{path}: not a .flo file; expected it to begin with {_MAGIC}")
        width, height = map(int, np.frombuffer(content, "<i4", 2, offset=4))
        expected = _HEADER_BYTES + 8 * width * height
        if min(width, height) < 1 or len(content) != expected:
            raise ValueError(
                f"{path}: {len(content)} bytes for a flow of {width}x{height} pixels; "
                f"expected {expected}"
            )
        flow = np.frombuffer(content, "<f4", offset=_HEADER_BYTES).reshape(height, width, 2)
    known = (np.abs(flow) <= _UNKNOWN).all(axis=-1, keepdims=True)
    return np.where(known, flow, np.float32(np.nan)).astype(np.float32)


def write_flo(path: Path, flow: np.ndarray) -> None:
    """Writes a flow [h, w, 2], NaN where it is unknown."""
    height, width, _ = flow.shape
    known = ~np.isnan(flow).any(axis=-1, keepdims=True)
    header = _MAGIC.astype("<f4").tobytes() + np.array([width, height], "<i4").tobytes()
    path.write_bytes(header + np.where(known, flow, _MARK).astype("<f4").tobytes())
