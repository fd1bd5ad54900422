"""Conventions of the public functions, read from their signatures and docstrings."""

import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

import vstm

ROOMS_OF_EQUATIONS = ("vstm.ops.", "vstm.losses.", "vstm.metrics.")
MAIN_SUBJECTS = {"state", "params"}  # optional, but no settings


def public_functions():
    """Functions of vstm's modules that are meant for others, by dotted name."""
    for module in pkgutil.walk_packages(vstm.__path__, "vstm."):
        for name, value in vars(importlib.import_module(module.name)).items():
            function = inspect.unwrap(value) if callable(value) else None
            own = getattr(value, "__module__", None) == module.name
            if own and inspect.isfunction(function) and not name.startswith("_"):
                yield f"{module.name}.{name}", function


FUNCTIONS = dict(public_functions())
by_name = pytest.mark.parametrize("name", FUNCTIONS)


def test_public_names_exist_and_are_documented():
    assert set(vstm.__all__) == {*vstm._HOME, "__version__"} <= set(dir(vstm))
    for name in vstm.__all__:
        value = getattr(vstm, name)
        described = isinstance(value, dict | tuple | Path | str) or value.__doc__
        assert described, name
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        _ = vstm.lode


@by_name
def test_settings_are_keyword_only(name):
    for parameter in inspect.signature(FUNCTIONS[name]).parameters.values():
        tunes = isinstance(parameter.default, bool | int | float)
        assert not tunes or parameter.kind is parameter.KEYWORD_ONLY, parameter.name


@by_name
def test_docstrings_tell_shapes_and_every_argument(name):
    function = FUNCTIONS[name]
    text = inspect.getdoc(function)
    assert text, "no docstring"
    annotations = [str(a) for a in inspect.get_annotations(function).values()]
    takes_arrays = any("Float[" in a or "jax.Array" in a or "Array" in a for a in annotations)
    if takes_arrays:
        shaped = any("Float[" in a for a in annotations)
        assert shaped or "[" in text or "scalar" in text.lower(), "no shapes"
    if "Args:" in text:
        described = set(re.findall(r"^  (\w+):", text.split("Args:")[1], flags=re.MULTILINE))
        expected = {p for p in inspect.signature(function).parameters if not p.startswith("_")}
        assert expected <= described, expected - described


@by_name
def test_equations_have_a_source(name):
    if name.startswith(ROOMS_OF_EQUATIONS):
        module = importlib.import_module(name.rpartition(".")[0])
        assert "Source:" in f"{inspect.getdoc(FUNCTIONS[name])}{module.__doc__}"
