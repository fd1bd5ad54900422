"""What `pip install vstm` gives: the package `vstm` alone, and what it imports."""

import ast
import re
import sys
from configparser import ConfigParser
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from setuptools import find_packages

ROOT = Path(__file__).parent.parent
SETTINGS = ConfigParser()
SETTINGS.read(ROOT / "setup.cfg")
CHECKOUT = {"vstm", "data", "experiments"}
OPTIONAL = {"torch": "torch", "cv2": "opencv-python-headless"}
"""Distributions of the extra `bench`, which may not be installed."""


def canonical(requirement: str) -> str:
    """Name of a requirement, spelt as package indices compare it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", requirement.strip())[0]).lower()


def declared(section: str, option: str) -> set[str]:
    return {canonical(line) for line in SETTINGS[section][option].split("\n") if line.strip()}


def imported(package: str) -> set[str]:
    """Distributions that a package imports at any depth of its code; not those of the checkout."""
    names = set()
    for path in (ROOT / package).glob("**/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add(str(node.module).split(".")[0])
    distributions = packages_distributions()
    return {
        canonical(OPTIONAL.get(name) or distributions[name][0])
        for name in names - CHECKOUT - set(sys.stdlib_module_names)
    }


def test_the_wheel_holds_vstm_alone():
    include = SETTINGS["options.packages.find"]["include"].split()
    packages = find_packages(str(ROOT), include=include)
    assert {name.split(".")[0] for name in packages} == {"vstm"}
    folders = {path.parent for path in (ROOT / "vstm").glob("**/*.py")}
    assert set(packages) == {".".join(folder.relative_to(ROOT).parts) for folder in folders}


def test_the_wheel_holds_the_trained_models():
    patterns = SETTINGS["options.package_data"]["vstm"].split()
    included = {path for pattern in patterns for path in (ROOT / "vstm").glob(pattern)}
    needed = [path for path in (ROOT / "vstm" / "pretrained").glob("**/*") if path.is_file()]
    assert needed and set(needed) <= included
    assert ROOT / "vstm" / "py.typed" in included


def test_vstm_requires_what_it_imports():
    assert declared("options", "install_requires") == imported("vstm")


@pytest.mark.parametrize("package", ["data", "experiments"])
def test_the_checkout_declares_what_it_imports(package):
    extras = [declared("options.extras_require", extra) for extra in ("programs", "bench")]
    assert imported(package) <= declared("options", "install_requires").union(*extras)


def test_every_requirement_is_pinned():
    extras = [declared("options.extras_require", extra) for extra in ("programs", "dev")]
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    pinned = {canonical(line) for line in lines if not line.startswith("#")}
    assert declared("options", "install_requires").union(*extras) <= pinned
