"""The rooms: which folder may import which; none imports upward, and none is in a circle."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

MAY_IMPORT = {
    # The method: array functions, modules that own parameters, the model, training, inference.
    "vstm.ops.convolution": set(),
    "vstm.ops": {"vstm.ops.convolution"},
    "vstm.losses": {"vstm.ops"},
    "vstm.metrics": {"vstm.losses"},
    "vstm.modules": {"vstm.ops", "vstm.ops.convolution"},
    "vstm": {"vstm.ops", "vstm.modules"},
    "vstm.training": {"vstm", "vstm.losses", "vstm.modules", "vstm.ops"},
    "vstm.inference": {"vstm", "vstm.modules", "vstm.ops"},
    # Sources of sequences.
    "data.files": set(),
    "data": {"data.files", "data.video"},
    "data.moving_mnist": {"data", "data.files"},
    "data.scenes": {"data", "data.video"},
    "data.video": {"data.files"},
    "data.clips": {"data", "data.files", "data.video"},
    # What a person types, and what it needs.
    "experiments.console": set(),
    "experiments.configs": {"experiments.console"},
    "experiments.run": {"experiments.configs", "experiments.console"},
    "experiments.pictures": {"experiments.console"},
    "experiments.measure": {
        "experiments.console",
        "experiments.configs",
        "experiments.run",
        "experiments.pictures",
    },
    "experiments.prediction": {
        "experiments.console",
        "experiments.run",
        "experiments.pictures",
    },
    "experiments.training": {
        "experiments.console",
        "experiments.configs",
        "experiments.run",
        "experiments.measure",
    },
    "experiments.report": {
        "experiments.console",
        "experiments.configs",
        "experiments.run",
        "experiments.pictures",
        "experiments.measure",
        "experiments.measure.bounds",
    },
    "experiments.measure.bounds": {"experiments.console", "experiments.measure"},
    "experiments.measure.video": {
        "experiments.console",
        "experiments.run",
        "experiments.pictures",
        "experiments.measure",
        "experiments.report",
    },
    "experiments.drill": {
        "experiments.console",
        "experiments.run",
        "experiments.pictures",
        "experiments.report",
    },
    "experiments.drill.fuzz": {
        "experiments.console",
        "experiments.configs",
        "experiments.run",
        "experiments.measure",
        "experiments.report",
    },
    "experiments.benchmark": {
        "experiments.console",
        "experiments.run",
        "experiments.pictures",
        "experiments.report",
    },
}
"""By room: those of its package that it may import; it may import all of a lower package."""

LOWER_PACKAGES = {"vstm": set(), "data": set(), "experiments": {"vstm", "data"}}
THIN_FILES = [
    *(ROOT / "experiments").glob("*.py"),
    *(ROOT / "data" / name for name in ("prepare.py", "registry.py")),
]
"""Programs and registries, which may import every room; nothing of their package imports them."""

THIRD_PARTY = {
    "vstm": {"jax", "jaxtyping", "flax", "optax", "numpy"},
    "vstm.ops": {"jax", "jaxtyping"},
    "vstm.ops.convolution": {"jax", "jaxtyping", "numpy"},
    "vstm.modules": {"jax", "jaxtyping", "flax"},
    "vstm.losses": {"jax", "jaxtyping"},
}
MAX_LINES = 250
MAX_FILES = 15


def imported(path: Path) -> Iterator[str]:
    """Dotted names of what a file imports, at any depth of its code."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of_module(name: str) -> str:
    """The room that holds what is imported by a dotted name."""
    parts = name.split(".")
    while parts and not (ROOT / Path(*parts)).is_dir():
        parts.pop()
    return ".".join(parts)


def room_of_file(path: Path) -> str:
    return ".".join(path.parent.relative_to(ROOT).parts)


def foreign(path: Path) -> set[str]:
    names = {name.split(".")[0] for name in imported(path)}
    return names - set(sys.stdlib_module_names) - LOWER_PACKAGES.keys()


FILES = [
    path
    for package in LOWER_PACKAGES
    for path in sorted((ROOT / package).glob("**/*.py"))
    if path != ROOT / "vstm" / "__init__.py"  # which gathers the public names
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_rooms_import_downward(path):
    room = room_of_file(path)
    package = room.split(".")[0]
    for name in imported(path):
        if name.split(".")[0] in LOWER_PACKAGES:
            other = room_of_module(name)
            if other.split(".")[0] != package:
                assert other.split(".")[0] in LOWER_PACKAGES[package], f"{path}: {name}"
            elif path not in THIN_FILES:
                assert other == room or other in MAY_IMPORT[room], f"{path}: {name}"


def test_the_table_allows_no_more_than_is_imported():
    used: dict[str, set[str]] = {room: set() for room in MAY_IMPORT}
    for path in FILES:
        room = room_of_file(path)
        if path not in THIN_FILES:
            used[room] |= {room_of_module(name) for name in imported(path)} & MAY_IMPORT[room]
    assert used == MAY_IMPORT


def test_thin_files_are_below_nothing_of_their_package():
    thin = {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in THIN_FILES}
    for path in FILES:
        for name in imported(path):
            for module in thin & {name, name.rpartition(".")[0]}:
                assert path in THIN_FILES or not module.startswith(room_of_file(path).split(".")[0])


def test_rooms_are_in_no_circle():
    def below(room: str, seen: tuple[str, ...]) -> None:
        assert room not in seen, f"a circle: {' -> '.join((*seen, room))}"
        for lower in MAY_IMPORT[room]:
            below(lower, (*seen, room))

    for room in MAY_IMPORT:
        below(room, ())


def test_rooms_are_small():
    rooms: dict[Path, int] = {}
    for path in FILES:
        assert len(path.read_text().splitlines()) <= MAX_LINES, path
        rooms[path.parent] = rooms.get(path.parent, 0) + 1
    assert max(rooms.values()) <= MAX_FILES, max(rooms, key=lambda room: rooms[room])


@pytest.mark.parametrize(
    "path", [path for path in FILES if room_of_file(path).startswith("vstm")], ids=str
)
def test_vstm_needs_few_packages(path):
    room = room_of_file(path)
    assert foreign(path) <= THIRD_PARTY.get(room, THIRD_PARTY["vstm"])


def test_data_needs_nothing_of_jax_but_for_frames_that_it_makes():
    for path in (ROOT / "data").glob("**/*.py"):
        makes = room_of_file(path) == "data.scenes" or path.name == "rendering.py"
        jax = {"jax"} if makes else set()
        assert foreign(path) & {"jax", "flax", "optax"} <= jax, path


def test_tensorflow_and_torch_are_nowhere():
    for path in FILES:
        if not path.name.startswith("torch_"):  # the benchmark's other side
            assert not foreign(path) & {"tensorflow", "torch"}, path
