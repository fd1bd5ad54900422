"""The commands and the Python of data/README.md, as they are written there."""

import re
import shlex

import numpy as np
from small_run import ROOT

from data import prepare
from data.clips.settings import NAMES
from data.moving_mnist.digits import EMBEDDED_FILE, load_digits
from data.registry import DATA_SETS

README = (ROOT / "data" / "README.md").read_text()
BLOCKS = [
    re.sub(r"^ {4}", "", block, flags=re.MULTILINE)
    for block in re.findall(r"(?:^ {4}.*\n(?:\n(?= {4}))?)+", README, flags=re.MULTILINE)
]


def test_python_runs_and_has_the_shapes_it_says(capsys):
    (code,) = [block for block in BLOCKS if "import" in block]
    names = {}
    exec(code, names)
    for name, shape in re.findall(r"^(\w+) = .*# \[([\d, ]+)\]", code, flags=re.MULTILINE):
        assert isinstance(names[name], np.ndarray)
        assert names[name].shape == tuple(map(int, shape.split(", ")))
    assert capsys.readouterr().out.splitlines() == ["32 (32, 20, 64, 64, 1)"] * 3 + [
        "4 (32, 20, 64, 64, 1)"
    ]


def test_commands_are_understood():
    commands = [line for block in BLOCKS for line in block.splitlines() if "data.prepare" in line]
    assert len(commands) == 2
    for command in commands:
        _, _, program, *arguments = shlex.split(command)
        assert program == "data.prepare"
        assert prepare._parser().parse_args(arguments).name in NAMES


def test_all_data_sets_and_layouts_are_listed():
    rows = re.findall(r"^\| `(\w+)` \|", README, flags=re.MULTILINE)
    assert {*DATA_SETS, *NAMES} <= set(rows)


def test_numbers_are_those_of_the_digits():
    for split, count in {"train": "12,150", "validation": "1,350", "test": "3,000"}.items():
        assert f"{len(load_digits('embedded', split)):,}" == count
        assert count in README
    assert f"{EMBEDDED_FILE.stat().st_size / 1e6:.1f} MB" in README
