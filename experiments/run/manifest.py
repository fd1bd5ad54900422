"""The manifest of a checkpoint, by which damage is noticed before anything is read from it.

A checkpoint is a folder `checkpoints/UPDATE`: `state`, the arrays as orbax writes them, and
`manifest`, two lines: a JSON object and the SHA-256 of that line. The object has the `position` in
the training data, the validation `score` where there is one, the SHA-256 of each array as it was in
memory, by its name, and that of each file, by its path. Checkpoints of earlier versions have their
position in `data/metadata` and no digests.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

MANIFEST_FILE = "manifest"
STATE_FOLDER = "state"
EARLIER_POSITION = Path("data", "metadata")  # of checkpoints without a manifest


class DamageError(Exception):
    """A checkpoint that is not as it was written; the message says what is wrong with it."""


@dataclass(frozen=True)
class Manifest:
    """What a checkpoint says of itself.

    Attributes:
      position: in the training data, see `TrainingData.position`.
      score: on validation sequences, the lower the better; None where it was not scored.
      arrays: SHA-256 of each array by its name; none in checkpoints of earlier versions.
    """

    position: dict[str, Any]
    score: float | None
    arrays: Mapping[str, str]


def digest(array: np.ndarray) -> str:
    """SHA-256 of an array's type, shape and values."""
    described = hashlib.sha256(f"{array.dtype.str} {array.shape} ".encode())
    described.update(np.ascontiguousarray(array).data.cast("B") if array.size else b"")
    return described.hexdigest()


def write_manifest(checkpoint: Path, manifest: Manifest) -> None:
    """Writes the manifest of a checkpoint, whose other files are complete.

    Raises:
      OSError: it cannot be written.
    """
    own = checkpoint / MANIFEST_FILE
    files = sorted(path for path in checkpoint.rglob("*") if path.is_file() and path != own)
    content = {
        "position": manifest.position,
        "score": manifest.score,
        "arrays": dict(manifest.arrays),
        "files": {path.relative_to(checkpoint).as_posix(): _file_digest(path) for path in files},
    }
    line = json.dumps(content, allow_nan=False).encode()
    text = line + b"\n" + hashlib.sha256(line).hexdigest().encode() + b"\n"
    own.write_bytes(text)


def read_manifest(checkpoint: Path) -> Manifest:
    """The manifest of a checkpoint.

    Raises:
      DamageError: it is missing or not as it was written.
    """
    return _read(checkpoint)[0]


def verified(checkpoint: Path) -> Manifest:
    """The manifest of a checkpoint all files of which are as they were written.

    Of a checkpoint of an earlier version, the files are not known.

    Raises:
      DamageError: one is missing or not as it was written.
    """
    manifest, files = _read(checkpoint)
    for name, expected in files.items():
        try:
            found = _file_digest(checkpoint / name)
        except OSError as error:
            raise DamageError(f"{name}: {error.strerror}") from error
        if found != expected:
            raise DamageError(f"{name}: not as it was written")
    return manifest


def _read(checkpoint: Path) -> tuple[Manifest, dict[str, str]]:
    """The manifest, and the digests of files."""
    path, earlier = checkpoint / MANIFEST_FILE, checkpoint / EARLIER_POSITION
    try:
        if not path.exists() and earlier.exists():
            return Manifest(json.loads(earlier.read_text()), None, {}), {}
        line, _, rest = path.read_bytes().partition(b"\n")
        if rest != hashlib.sha256(line).hexdigest().encode() + b"\n":
            raise DamageError(f"{MANIFEST_FILE}: not as it was written")
        content = json.loads(line)
        files = content.pop("files")
        return Manifest(**content), files
    except OSError as error:
        raise DamageError(f"{MANIFEST_FILE}: {error.strerror}") from error
    except (ValueError, RecursionError, TypeError, KeyError) as error:
        raise DamageError(f"{MANIFEST_FILE}: not of this version ({error!r})") from error


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
