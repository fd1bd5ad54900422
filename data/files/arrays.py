"""NumPy's files, read without trusting what their headers say."""

import math
import os
import re
import zipfile
from pathlib import Path
from typing import IO, Literal, NamedTuple

import numpy as np

from data.files.bounds import expanded_at_most

_MAGIC = b"\x93NUMPY\x01\x00"
_HEADER = re.compile(
    rb"\{'descr': '(?P<dtype>[<>|][biuf]\d{1,2})', 'fortran_order': (?P<in_columns>True|False), "
    rb"'shape': \((?P<shape>(\d{1,18}L?, ?)*(\d{1,18})?)\), ?\}\s*"
)
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

    NumPy takes it for an expression of Python, and fails in as many ways.

    Raises:
      ValueError: another format, or no array of numbers.
    """
    start = file.read(len(_MAGIC) + 2)
    text = file.read(int.from_bytes(start[-2:], "little"))
    match = _HEADER.fullmatch(text)
    if not start.startswith(_MAGIC) or not match:
        raise ValueError("no header of an array of numbers")
    shape = tuple(int(side) for side in re.findall(rb"\d+", match["shape"]))
    return Header(shape, match["in_columns"] == b"True", np.dtype(match["dtype"].decode()))


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
    order: Literal["F", "C"] = "F" if header.in_columns else "C"
    return np.frombuffer(content, header.dtype).reshape(header.shape, order=order)


def _size(file: str | Path | IO[bytes]) -> int:
    if isinstance(file, str | Path):
        return os.stat(file).st_size
    place = file.tell()
    size = file.seek(0, os.SEEK_END)
    file.seek(place)
    return size
