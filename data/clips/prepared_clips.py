"""Prepared clips: decoded once, then read by random access, a few frames at a time.

    dataset.json                     settings, clips and skipped clips; written last
    clips/0123abcd.array_record      one file per clip; a record holds `FRAMES_PER_RECORD` frames
    clips/0123abcd.json              the clip's entry in `dataset.json`, and its source's state

`data.prepare` writes such folders. A record is a NumPy archive of arrays with one row per frame:
`frame`, uint8 [n, H, W], and for MPI-Sintel `forward_flow`, float32 [n, H, W, 2], in pixels from
each frame to the next, and `visible`, bool [n, H, W], the pixels visible in the next frame.
"""

import functools
import io
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from array_record.python.array_record_module import ArrayRecordReader, ArrayRecordWriter

from data.clips.changes import ChangeDetector
from data.clips.clip_info import ClipInfo, from_json
from data.files.arrays import read_npz
from data.files.json_files import read_json
from data.files.reading import State, check_regular, check_unchanged, reading, state_of

FRAMES_PER_RECORD = 16
DATASET_FILE = "dataset.json"
CLIPS_FOLDER = "clips"
_OPEN_READERS = 32
_MIN_RECORD = 64  # bytes of a record of whatever frames, compressed
_ARRAYS: dict[str, tuple[type, tuple[int, ...]]] = {
    "frame": (np.uint8, ()),
    "forward_flow": (np.float32, (2,)),
    "visible": (np.bool_, ()),
}
"""By name: type, and what follows n, H and W in the shape."""


def write_clip(path: Path, rows: Iterable[dict[str, np.ndarray]]) -> dict[str, Any]:
    """Writes a clip's frames, one record at a time.

    Args:
      path: the file; should not exist.
      rows: arrays of each frame, by name; all have `frame`, uint8 [H, W].

    Returns:
      `num_frames`, `size`, `checksum`, `cuts`, `duplicates` and `still` of `ClipInfo`.

    Raises:
      OSError: it cannot be written.
    """
    num_frames, size, checksum = 0, (0, 0), 0
    changes = ChangeDetector()
    pending: list[dict[str, np.ndarray]] = []

    def flush() -> None:
        buffer = io.BytesIO()
        arrays: dict[str, Any] = {
            name: np.stack([row[name] for row in pending]) for name in pending[0]
        }
        np.savez(buffer, **arrays)
        try:
            writer.write(buffer.getvalue())
        except RuntimeError as error:
            raise OSError(f"{path}: cannot be written ({error})") from error
        pending.clear()

    try:
        writer = ArrayRecordWriter(str(path), "group_size:1")
    except RuntimeError as error:
        raise OSError(f"{path}: cannot be written ({error})") from error
    try:
        for row in rows:
            pending.append(row)
            changes.add(row["frame"])
            num_frames, size = num_frames + 1, row["frame"].shape
            for array in row.values():
                checksum = zlib.crc32(array.tobytes(), checksum)
            if len(pending) == FRAMES_PER_RECORD:
                flush()
        if pending:
            flush()
    finally:
        writer.close()
    found = changes.found()._asdict()
    return {"num_frames": num_frames, "size": size, "checksum": checksum, **found}


def read_rows(path: Path, start: int, stop: int, size: tuple[int, int]) -> dict[str, np.ndarray]:
    """Arrays of the frames start <= t < stop of a clip's file.

    Args:
      path: of the file.
      start: the first frame.
      stop: the one after the last.
      size: (H, W) of the clip's frames.

    Raises:
      OSError: there is no such file.
      ValueError: damaged, or other arrays than those of the module; the message names the file.
    """
    first, last = start // FRAMES_PER_RECORD, -(-stop // FRAMES_PER_RECORD)
    with reading(path, "an intact clip; prepare the data again"):
        records = _reader(str(path), state_of(path)).read(list(range(first, last)))
        parts = [read_npz(io.BytesIO(record)) for record in records]
        for number, part in enumerate(parts, first):
            rows = min(FRAMES_PER_RECORD, stop - number * FRAMES_PER_RECORD)
            _check_record(part, rows, size)
        cut = slice(start - first * FRAMES_PER_RECORD, stop - first * FRAMES_PER_RECORD)
        return {name: np.concatenate([part[name] for part in parts])[cut] for name in parts[0]}


def _check_record(arrays: Mapping[str, np.ndarray], rows: int, size: tuple[int, int]) -> None:
    """Refuses arrays other than the module's, or of fewer rows."""
    if "frame" not in arrays:
        raise ValueError("no frames")
    for name, array in arrays.items():
        dtype, channels = _ARRAYS[name]
        count = len(array)
        if array.dtype != dtype or array.shape != (count, *size, *channels):
            raise ValueError(f"{name} {array.dtype} {array.shape}, of frames {size}")
        if not rows <= count <= FRAMES_PER_RECORD:
            raise ValueError(f"{name}: {count} rows")


@functools.lru_cache(_OPEN_READERS)
def _reader(path: str, state: State) -> ArrayRecordReader:
    del state  # of the file that was opened
    return ArrayRecordReader(path, "readahead_buffer_size:0")


def checksum_of(path: Path, num_frames: int, size: tuple[int, int]) -> int:
    """Checksum of a clip's arrays as read from its file; errors as `read_rows`."""
    checksum = 0
    for start in range(0, num_frames, FRAMES_PER_RECORD):
        rows = read_rows(path, start, min(start + FRAMES_PER_RECORD, num_frames), size)
        for t in range(len(rows["frame"])):
            for array in rows.values():
                checksum = zlib.crc32(array[t].tobytes(), checksum)
    return checksum


class PreparedClips(Sequence[ClipInfo]):
    """The clips of a prepared folder; `read` gives their frames.

    Attributes:
      settings: how the folder was prepared.
      checksum: CRC-32 of all clips and their splits, as written.
    """

    def __init__(self, directory: Path):
        """Reads the list of clips.

        Raises:
          OSError: not a prepared folder, or one that is not finished.
          ValueError: the list is damaged, or a clip's file is missing or too small.
        """
        path = directory / DATASET_FILE
        if not path.exists():
            raise FileNotFoundError(
                f"{path}: no such file; expected a folder that `python -m data.prepare` finished"
            )
        content = read_json(path)
        with reading(path, "an intact list of clips; prepare the data again"):
            self.settings: dict[str, Any] = dict(content["settings"])
            written = [entry["clip"] for entry in content["clips"]]
            self._clips = [from_json(fields) for fields in written]
            if len({len(clip.splits) for clip in self._clips}) != 1:
                raise ValueError("no clips, or clips of more divisions than others")
            self._paths = [
                directory / CLIPS_FOLDER / _bare(entry["file"]) for entry in content["clips"]
            ]
            self.checksum = zlib.crc32(json.dumps(written, sort_keys=True).encode())
        self._states = [
            _checked_state(file, clip) for file, clip in zip(self._paths, self._clips, strict=True)
        ]

    def __len__(self) -> int:
        return len(self._clips)

    def __getitem__(self, index):
        return self._clips[index]

    def read(self, index: int, start: int, stop: int) -> dict[str, np.ndarray]:
        """Frames start <= t < stop of a clip; arrays by name, see the module.

        Raises:
          OSError, ValueError: its file is missing, damaged or another than it was when the list was
            read; the message names it.
        """
        path = self._paths[index]
        check_unchanged(path, self._states[index])
        return read_rows(path, start, stop, self._clips[index].size)


def _bare(file: Any) -> str:
    """A file's name, which leads to no other folder.

    Raises:
      ValueError: it may.
    """
    if not isinstance(file, str) or file in ("", "..") or file != Path(file).name:
        raise ValueError(f"file {file!r}: expected the name of a file in {CLIPS_FOLDER}")
    return file


def _checked_state(path: Path, clip: ClipInfo) -> State:
    """The state of a clip's file; refuses one that cannot hold so many frames."""
    check_regular(path)
    state = state_of(path)
    if clip.num_frames > FRAMES_PER_RECORD * (state.size // _MIN_RECORD):
        raise ValueError(
            f"{path}: {state.size} bytes for {clip.num_frames} frames; prepare the data again"
        )
    return state
