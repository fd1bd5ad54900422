"""Damaged and hostile versions of files: of bytes, JSON, NumPy's arrays and archives of them."""

import copy
import functools
import gzip
import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

Mutate = Callable[[np.random.Generator, bytes], bytes]

_WORDS = (0, 1, 2**7, 2**8 - 1, 2**15, 2**16 - 1, 2**24, 2**31 - 1, 2**31, 2**32 - 1)
_VALUES: tuple[Any, ...] = (
    *(0, -1, 1, 2**31, 2**63, 10**12, 10**400, 0.5, -0.0, 1e308, 1e-320, True, False, None),
    *("", "x", "../../x", "/dev/null", "\0", "\ud800", "a" * 10_000, "NaN"),
    *([], {}, [[]], [0, 10**400], [1, 0], [-1, 5], [0, 10**9], {"": 0}, [None], {"train": [0, 2]}),
)
_NAMES = ("", "a.b", "_x", "__class__", "data.name", "format", "train", "\0", "x" * 5_000)
_TEXTS = ("NaN", "Infinity", "9" * 6_000, "1e999", "[" * 100_000, '{"a":' * 3_000, "")
_SHAPES = (
    *("()", "(1,)", "(-1, 2)", "(0, 0)", "(10**6,)", "(99999999999999999999,)", "(2.0, 3)"),
    *("(1000000, 1000000, 4)", "(True, 2)", "((1,), 2)", "'x'", "(" * 200, "(1," * 500),
)
_TYPES = ("|O", "<f8", ">f4", "<u2", "|S0", "<U7", "|V3", "x", "<M8[ns]", "|b1", "<f2", "<c16")
_BOMB = 2**27  # bytes of zeros
_BOMB_ONE_IN = 50  # archives


def bytes_of(rng: np.random.Generator, content: bytes) -> bytes:
    """One to eight faults such as disks, transfers and fuzzers make."""
    changed = bytearray(content)
    for _ in range(rng.integers(1, 9)):
        if not changed:
            break
        early = rng.random() < 0.5
        start = int(rng.integers(min(len(changed), 256 if early else len(changed))))
        length = int(rng.integers(1, 1 + min(64, len(changed) - start)))
        stop = start + length
        kind = rng.integers(9)
        if kind < 2:
            changed[start] ^= 1 << int(rng.integers(8))
        elif kind == 2:
            changed[start] = int(rng.choice([0, 255, 127, 128, 10, 32]))
        elif kind == 3:
            order = "<>"[rng.integers(2)]
            changed[start : start + 4] = struct.pack(f"{order}I", int(rng.choice(_WORDS)))
        elif kind == 4:
            del changed[start:stop]
        elif kind == 5:
            changed[start:start] = changed[start:stop] * int(rng.integers(1, 4))
        elif kind == 6:
            changed[start:stop] = rng.bytes(length)
        elif kind == 7:
            changed[start:stop] = bytes(length)
        elif rng.random() < 0.3:
            del changed[start:]
    return bytes(changed)


def json_of(rng: np.random.Generator, content: bytes) -> bytes:
    """A value, a name or the text of a JSON file is another."""
    if rng.random() < 0.2:
        return bytes_of(rng, content)
    tree = [json.loads(content)]
    for _ in range(rng.integers(1, 3)):
        _change_json(rng, tree)
    text = json.dumps(tree[0])
    if rng.random() < 0.1:
        numbers = list(re.finditer(r"-?\d+(\.\d+)?", text))
        if numbers:
            place = numbers[rng.integers(len(numbers))]
            text = text[: place.start()] + str(rng.choice(_TEXTS)) + text[place.end() :]
    return text.encode()


def json_lines_of(rng: np.random.Generator, content: bytes) -> bytes:
    """As `json_of`, of a line or of all."""
    if rng.random() < 0.3:
        return bytes_of(rng, content)
    lines = content.splitlines()
    number = int(rng.integers(len(lines)))
    lines[number] = json_of(rng, lines[number])
    return b"\n".join(lines)


def npy_of(rng: np.random.Generator, content: bytes) -> bytes:
    """An array's header says something else, or bytes are damaged."""
    if rng.random() < 0.4:
        return bytes_of(rng, content)
    length = struct.unpack_from("<H", content, 8)[0]
    header, body = content[10 : 10 + length].decode("latin1"), content[10 + length :]
    if rng.random() < 0.5:
        header = re.sub(r"\([\d, ]*\)", lambda _: str(rng.choice(_SHAPES)), header, count=1)
    if rng.random() < 0.3:
        header = re.sub(r"'[<>|][^']*'", lambda _: repr(str(rng.choice(_TYPES))), header, count=1)
    if rng.random() < 0.3:
        header = bytes_of(rng, header.encode("latin1")).decode("latin1")
    text = header.encode("latin1")[: 2**16 - 1]
    return content[:8] + struct.pack("<H", len(text)) + text + body


def npz_of(rng: np.random.Generator, content: bytes) -> bytes:
    """An archive with a member that is damaged, missing, twice, of another name, or a bomb."""
    if rng.random() < 0.4:
        return bytes_of(rng, content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    number = int(rng.integers(len(members)))
    name, member = members[number]
    kind = rng.integers(7)
    if kind == 0:
        del members[number]
    elif kind == 1:
        members.append((str(rng.choice(["other.npy", "a/b.npy", "../x.npy", "\x01"])), member))
    elif kind == 2:
        members[number] = (name.replace("/", "", 1) or "x", member)
    elif kind == 3 and len(member) > 200:
        values = np.frombuffer(member[-(len(member) - 128) // 4 * 4 :], np.float32).copy()
        values[rng.integers(len(values))] = rng.choice([np.nan, np.inf, -np.inf, 3e38])
        members[number] = (name, member[: len(member) - values.nbytes] + values.tobytes())
    elif kind == 4 and b"{" in member[128:] and "description" in name:
        members[number] = (name, _described(rng, member))
    else:
        members[number] = (name, npy_of(rng, member))
    if rng.random() < 1 / _BOMB_ONE_IN and number < len(members):
        members[number] = (name, member[:128] + bytes(_BOMB))
    buffer = io.BytesIO()
    how = zipfile.ZIP_STORED if rng.random() < 0.7 else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(buffer, "w", how, compresslevel=1) as archive:
        for name, member in members:
            archive.writestr(name, member, zipfile.ZIP_DEFLATED if len(member) > 2**24 else how)
    packed = bytearray(buffer.getvalue())
    if rng.random() < 0.1:  # encrypted, or compressed in an unknown way
        for place in (m.start() for m in re.finditer(rb"PK\x01\x02", bytes(packed))):
            packed[place + 8 + 2 * int(rng.integers(2))] ^= int(rng.choice([1, 8, 99]))
    return bytes(packed)


def gz_of(mutate: Mutate) -> Mutate:
    """Of a compressed file: its content is changed, or the compressed bytes are."""

    def change(rng: np.random.Generator, content: bytes) -> bytes:
        if rng.random() < 0.5:
            return bytes_of(rng, content)
        inner = mutate(rng, gzip.decompress(content))
        if rng.random() < 1 / _BOMB_ONE_IN:
            inner = inner[:4] + struct.pack(">3I", _BOMB // 28**2, 28, 28) + bytes(_BOMB)
        return gzip.compress(inner, 1)

    return change


def image_of(rng: np.random.Generator, content: bytes) -> bytes:
    """A PNG of any size whose pixels are all the same, so that a few bytes become many."""
    side = int(rng.choice([1, 500, 4_000, 8_000, 20_000, 60_000]))
    depth, colour = ((8, 0), (8, 2), (8, 6), (16, 0), (1, 0))[rng.integers(5)]
    row = 1 + side * depth * {0: 1, 2: 3, 6: 4}[colour] // 8
    body = _zeros(row * min(side, _BOMB // row))
    header = struct.pack(">IIBBBBB", side, int(rng.choice([side, 1])), depth, colour, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", body), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(part)) + kind + part + struct.pack(">I", zlib.crc32(kind + part))
        for kind, part in chunks
    )


@functools.lru_cache
def _zeros(count: int) -> bytes:
    """So many, compressed."""
    return zlib.compress(bytes(count), 1)


def _described(rng: np.random.Generator, member: bytes) -> bytes:
    """A model file's description, of whose fields one is another."""
    text = str(np.load(io.BytesIO(member)))
    changed = json_of(rng, text.encode()).decode(errors="replace")
    buffer = io.BytesIO()
    np.save(buffer, np.array(changed))
    return buffer.getvalue()


def _change_json(rng: np.random.Generator, tree: Any) -> None:
    """Changes one node below a list or mapping, in place."""
    while True:
        keys = list(tree) if isinstance(tree, dict) else list(range(len(tree)))
        if not keys:
            return
        key = keys[rng.integers(len(keys))]
        below = tree[key]
        if not isinstance(below, dict | list) or not below or rng.random() < 0.15:
            break
        tree = below
    kind = rng.integers(10)
    value = copy.deepcopy(_VALUES[rng.integers(len(_VALUES))])
    if kind == 0 and isinstance(tree, dict):
        del tree[key]
    elif kind == 1 and isinstance(tree, dict):
        tree[_NAMES[rng.integers(len(_NAMES))]] = below
    elif kind == 2:
        for _ in range(int(rng.choice([1, 50, 300]))):
            below = [below] if rng.random() < 0.5 else {"a": below}
        tree[key] = below
    elif kind == 3 and isinstance(tree, list):
        tree.append(value)
    elif isinstance(below, int | float) and rng.random() < 0.3:
        tree[key] = [-below, below + 1, below * 1000, below // 7, str(below)][rng.integers(5)]
    else:
        tree[key] = value
