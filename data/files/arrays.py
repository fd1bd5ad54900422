"""NumPy's files, read without trusting what their headers say."""

import math
import os
import zipfile
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from data.files.bounds import expanded_at_most

_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # those that NumPy writes


class Header(NamedTuple):
    """What an .npy file begins with."""

    shape: tuple[int, ...]
    in_columns: bool  # Fortran's order
    dtype: np.dtype


def read_npz(file: str | Path | IO[bytes]) -> dict[str, np.ndarray]:
    """All arrays of an archive, by name.

    Args:
      file: its path, or the archive itself.

    Raises:
      Exception: whatever it is damaged by, see `data.files.reading`; before memory is asked for
        where it promises more than `expanded_at_most`.
    """
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        names = [member.filename.removesuffix(".npy") for member in members]
        if len(set(names)) < len(names):
            raise ValueError("holds an array twice")
        promised = sum(member.file_size for member in members)
        most = expanded_at_most(_size(file))
        if promised > most:
            raise ValueError(f"promises {promised} bytes; expected {most} at most")
        return {name: _read(archive, member) for name, member in zip(names, members, strict=True)}


def read_header(file: IO[bytes]) -> Header:
    """An .npy file's header; the file is at the first array byte then.

    Raises:
      Exception: whatever it is damaged by, or a shape or type that no array of numbers has.
    """
    version = np.lib.format.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"format {version}")
    if version == (1, 0):
        header = Header(*np.lib.format.read_array_header_1_0(file))
    else:
        header = Header(*np.lib.format.read_array_header_2_0(file))
    if any(side < 0 for side in header.shape) or header.dtype.kind not in "biuf":
        raise ValueError(f"{header.dtype} {header.shape}")
    return header


def num_bytes(header: Header) -> int:
    """Bytes of the array that a header describes."""
    return math.prod(header.shape) * header.dtype.itemsize


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    if member.compress_type not in _COMPRESSIONS:
        raise ValueError(f"compression {member.compress_type}")
    with archive.open(member) as file:
        header = read_header(file)
        content = file.read()
    if len(content) != num_bytes(header):
        raise ValueError(f"{member.filename}: {len(content)} bytes for {header.shape}")
    order = "F" if header.in_columns else "C"
    return np.frombuffer(content, header.dtype).reshape(header.shape, order=order)


def _size(file: str | Path | IO[bytes]) -> int:
    if isinstance(file, str | Path):
        return os.stat(file).st_size
    place = file.tell()
    size = file.seek(0, os.SEEK_END)
    file.seek(place)
    return size
