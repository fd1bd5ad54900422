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
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from array_record.python.array_record_module import ArrayRecordReader, ArrayRecordWriter

from data.clips.changes import ChangeDetector

FRAMES_PER_RECORD = 16
DATASET_FILE = "dataset.json"
CLIPS_FOLDER = "clips"
UNUSED = "unused"
_OPEN_READERS = 32


@dataclass(frozen=True)
class ClipInfo:
    """Metadata of a prepared clip.

    Attributes:
      name: path of its source, relative to the source folder.
      label: class; empty where the data set has none.
      num_frames: T.
      size: (H, W).
      checksum: CRC-32 of all arrays, frame by frame.
      cuts: numbers of the frames after a scene cut; see `data.clips.changes`.
      splits: for each of the data set's divisions, which frames belong to which split:
        {split: [start, stop]}.
      duplicates: numbers of the frames that repeat the one before.
      still: stretches [start, stop] of frames among which nothing moves. Folders that earlier
        versions wrote have neither `duplicates` nor `still`.
    """

    name: str
    label: str
    num_frames: int
    size: tuple[int, int]
    checksum: int
    cuts: tuple[int, ...]
    splits: tuple[dict[str, list[int]], ...]
    duplicates: tuple[int, ...] = ()
    still: tuple[tuple[int, int], ...] = ()


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


def read_rows(path: Path, start: int, stop: int) -> dict[str, np.ndarray]:
    """Arrays of the frames start <= t < stop of a clip's file.

    Raises:
      ValueError: damaged; the message names the file.
    """
    first, last = start // FRAMES_PER_RECORD, -(-stop // FRAMES_PER_RECORD)
    try:
        status = path.stat()
        reader = _reader(str(path), status.st_mtime_ns, status.st_size)
        records = reader.read(list(range(first, last)))
        parts = [dict(np.load(io.BytesIO(record))) for record in records]
    except Exception as error:  # whatever a damaged file makes of itself
        reason = " ".join(str(error).split())[:200]
        raise ValueError(f"{path}: damaged ({reason}); prepare the data again") from error
    cut = slice(start - first * FRAMES_PER_RECORD, stop - first * FRAMES_PER_RECORD)
    return {name: np.concatenate([part[name] for part in parts])[cut] for name in parts[0]}


@functools.lru_cache(_OPEN_READERS)
def _reader(path: str, modified: int, size: int) -> ArrayRecordReader:
    del modified, size  # of the file that was opened
    return ArrayRecordReader(path, "readahead_buffer_size:0")


def checksum_of(path: Path, num_frames: int) -> int:
    """Checksum of a clip's arrays as read from its file."""
    checksum = 0
    for start in range(0, num_frames, FRAMES_PER_RECORD):
        rows = read_rows(path, start, min(start + FRAMES_PER_RECORD, num_frames))
        for t in range(len(rows["frame"])):
            for array in rows.values():
                checksum = zlib.crc32(array[t].tobytes(), checksum)
    return checksum


def to_json(info: ClipInfo) -> dict[str, Any]:
    return asdict(info)


def from_json(fields: dict[str, Any]) -> ClipInfo:
    """Inverse of `to_json`; reads what earlier versions wrote too."""
    tuples: dict[str, Any] = {name: tuple(fields[name]) for name in ("size", "cuts", "splits")}
    tuples["duplicates"] = tuple(fields.get("duplicates", ()))
    tuples["still"] = tuple((start, stop) for start, stop in fields.get("still", ()))
    return ClipInfo(**(fields | tuples))


class PreparedClips(Sequence[ClipInfo]):
    """The clips of a prepared folder; `read` gives their frames.

    Attributes:
      settings: how the folder was prepared.
      checksum: CRC-32 of all clips and their splits, as written.
    """

    def __init__(self, directory: Path):
        """Reads the list of clips.

        Raises:
          FileNotFoundError: not a prepared folder, or one that is not finished.
          ValueError: the list is damaged.
        """
        self._directory = directory
        path = directory / DATASET_FILE
        if not path.is_file():
            raise FileNotFoundError(
                f"{path}: no such file; expected a folder that `python -m data.prepare` finished"
            )
        try:
            content = json.loads(path.read_text())
            self.settings: dict[str, Any] = content["settings"]
            self._files = [entry["file"] for entry in content["clips"]]
            self._clips = [from_json(entry["clip"]) for entry in content["clips"]]
            written = [entry["clip"] for entry in content["clips"]]
            self.checksum = zlib.crc32(json.dumps(written, sort_keys=True).encode())
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path}: damaged ({error}); prepare the data again") from error

    def __len__(self) -> int:
        return len(self._clips)

    def __getitem__(self, index):
        return self._clips[index]

    def read(self, index: int, start: int, stop: int) -> dict[str, np.ndarray]:
        """Frames start <= t < stop of a clip; arrays by name, see the module."""
        return read_rows(self._directory / CLIPS_FOLDER / self._files[index], start, stop)
