"""The pages: their code runs, their commands parse, their links and numbers are right."""

import argparse
import importlib
import json
import re
import shlex
import statistics
import sys
from pathlib import Path

import numpy as np
import pytest
from published_numbers import PARAMETERS

import vstm
import vstm.losses
from experiments.configs import default
from experiments.configs.config import resolve
from experiments.configs.fields import check_path

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    page
    for folder in (".", "vstm", "data", "experiments", "tests")
    for page in (ROOT / folder).glob("*.md" if folder == "." else "**/*.md")
)
READMES = [page for page in PAGES if page.name == "README.md"]
COMMANDS = ("python", ".venv/bin/python", "bash", "make", "pip")


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> list[str]:
    """Code blocks of a page: paragraphs indented by four spaces, outside of lists."""
    text = page.read_text()
    found = re.findall(r"(?<=\n\n)(?: {4}.*\n(?:\n(?= {4}))?)+", text)
    return [re.sub(r"^ {4}", "", block, flags=re.MULTILINE) for block in found]


def is_python(block: str) -> bool:
    return block.startswith(("import ", "from "))


def commands(page: Path) -> list[list[str]]:
    """Arguments of each command of a page's blocks, settings of the environment included."""
    lines = [line for block in blocks(page) for line in block.replace("\\\n", " ").splitlines()]
    arguments = [shlex.split(line, comments=True) for line in lines if is_command(line)]
    assert all(arguments)
    return arguments


def is_command(line: str) -> bool:
    return line.startswith(COMMANDS) or re.match(r"[A-Z]+=", line) is not None


@pytest.mark.parametrize("page", READMES, ids=name)
def test_python_runs(page):
    names: dict = {}
    for block in filter(is_python, blocks(page)):
        exec(block, names)
    if page == ROOT / "README.md":
        assert names["next_frame"].shape == names["frames"].shape[1:]
        assert names["flow"].shape == (*names["next_frame"].shape, 2)
    if page == ROOT / "vstm" / "README.md":
        image = np.asarray(names["image"])
        assert image.shape == (1, 64, 64, 1)
        assert 0 <= image.min() <= image.max() <= 1


class ProgramBeginsError(Exception):
    """Raised where a program would begin its work."""


@pytest.fixture
def parse(monkeypatch):
    """Parses a program's arguments, the configuration included, and does no work."""
    monkeypatch.chdir(ROOT)
    parse_args = argparse.ArgumentParser.parse_args

    def parse_and_stop(parser, arguments=None):
        raise ProgramBeginsError(parse_args(parser, arguments))

    def check(module, arguments):
        package = (ROOT / Path(*module.split("."))).is_dir()
        program = importlib.import_module(f"{module}.__main__" if package else module)
        if module.startswith("data."):
            monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse_and_stop)
            monkeypatch.setattr(sys, "argv", [module, *arguments])
            with pytest.raises(ProgramBeginsError):
                program.main()
            return

        def main(*others):
            if hasattr(program, "_CONFIG"):
                resolve(program._CONFIG.value)

        monkeypatch.setattr(program, "_main", main)
        assert program.main(arguments) == 0, (module, arguments)

    return check


@pytest.mark.parametrize("page", READMES, ids=name)
def test_commands_parse(page, parse):
    targets = re.findall(r"^(\S+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    for arguments in commands(page):
        while re.match(r"[A-Z]+=", arguments[0]):
            variable, _, value = arguments.pop(0).partition("=")
            if variable == "FLAGS":
                config = "--config=experiments/configs/moving_mnist.py"
                parse("experiments.train", [config, "--workdir=x", *shlex.split(value)])
        match arguments:
            case ["make", target]:
                assert target in targets
            case ["bash", script, *_]:
                assert (ROOT / script).is_file(), script
            case [_, "-m", module, *rest]:
                parse(module, rest)
            case _:
                assert arguments == ["pip", "install", "."]


@pytest.mark.parametrize("page", READMES, ids=name)
def test_what_is_no_command_and_no_code_is_known(page):
    for block in blocks(page):
        first = block.split()[0]
        if is_python(block) or is_command(block):
            continue
        if block.startswith('"'):  # entries of registries
            known = {name: getattr(vstm, name) for name in vstm.__all__}
            assert eval(f"{{{block}}}", known | {"charbonnier_error": vstm.losses.intensity_error})
        else:
            assert first in ("frames", "vstm/", "@inproceedings{patraucean2016spatio,"), block


def test_layout_names_folders_that_exist():
    (layout,) = (block for block in blocks(ROOT / "README.md") if block.startswith("vstm/ "))
    top = ROOT
    for line in layout.splitlines():
        folder = line.split()[0]
        top = ROOT if not line.startswith(" ") else top
        assert (top / folder).is_dir(), line
        top = ROOT / folder if not line.startswith(" ") else top


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page):
    text = page.read_text()
    for link in re.findall(r'\]\(([^)\s]+)\)|src="([^"]+)"', text):
        path, _, anchor = "".join(link).partition("#")
        if path.startswith("http"):
            continue
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link
    for script in re.findall(r"experiments/sweeps/\w+\.sh", text):
        assert (ROOT / script).is_file(), script


@pytest.mark.parametrize("page", READMES, ids=name)
def test_fields_exist(page):
    fields = default.get_config().items()
    sections = "|".join(section for section, value in fields if hasattr(value, "keys"))
    span = rf"`(?:--)?(?:config\.)?((?:{sections})\.[a-z_]+)(?:=[^`]*)?`"
    for path in re.findall(span, page.read_text()):
        module = ROOT / f"{path.replace('.', '/')}.py"
        if Path(path).suffix not in (".py", ".npz") and not module.exists():
            check_path(path)


def test_the_main_table_has_the_results():
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) < 180
    folder = ROOT / "experiments" / "results" / "table2"
    rows = json.loads((folder / "results.json").read_text())
    for variant, (*_, parameters) in PARAMETERS.items():
        runs = [r for r in rows if r["variant"] == variant and r["sequences"] == 12_000]
        assert len(runs) == 2
        ours = statistics.mean(run["test_cross_entropy"] for run in runs)
        paper = runs[0]["paper"]
        scores = f"| {ours:.4f} | {paper:.4f} | **{ours / paper:.2f}** |"
        assert f"| `{variant}` | {parameters:,} {scores}" in text
