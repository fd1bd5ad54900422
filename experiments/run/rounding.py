"""Products as accelerators make them, imitated on any platform: their factors rounded."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
from jax.extend import core

FRACTION_BITS = {"float32": 23, "tensorfloat32": 10, "bfloat16": 7}
"""Bits of the fraction that factors keep, by precision, as `vstm.compiler.PRECISIONS` has them."""

_PRODUCTS = ("dot_general", "conv_general_dilated")
_CALLS = ("jaxpr", "call_jaxpr")  # parameters by which an equation names what it calls


def rounded(function: Callable[..., Any], precision: str) -> Callable[..., Any]:
    """A function of arrays whose products and convolutions round their factors; sums are as before.

    Args:
      function: to be compiled, with loops by `scan` and `while_loop`.
      precision: a key of `FRACTION_BITS`; factors go to the nearest, ties to even.

    Returns:
      The function, likewise.

    Raises:
      NotImplementedError: when called, of a function with branches.
    """
    bits = FRACTION_BITS[precision]

    def call(*arguments: Any) -> Any:
        traced, shapes = jax.make_jaxpr(function, return_shape=True)(*arguments)
        values = _evaluate(traced, jax.tree.leaves(arguments), bits)
        return jax.tree.unflatten(jax.tree.structure(shapes), values)

    return call


def _evaluate(traced: core.ClosedJaxpr, arguments: Sequence[Any], bits: int) -> list[Any]:
    """What a traced function returns."""
    names = traced.jaxpr
    known: dict[Any, Any] = dict(zip(names.constvars, traced.consts, strict=True))
    known |= dict(zip(names.invars, arguments, strict=True))
    for equation in names.eqns:
        inputs = [v.val if isinstance(v, core.Literal) else known[v] for v in equation.invars]
        known |= dict(zip(equation.outvars, _outputs(equation, inputs, bits), strict=True))
    return [v.val if isinstance(v, core.Literal) else known[v] for v in names.outvars]


def _outputs(equation: core.JaxprEqn, inputs: list[Any], bits: int) -> Sequence[Any]:
    name, parameters = equation.primitive.name, equation.params
    if name in _PRODUCTS:
        inputs = [jax.lax.reduce_precision(each, 8, bits) for each in inputs]
    elif name == "scan":
        return _scan(parameters, inputs, bits)
    elif name == "while":
        return _while(parameters, inputs, bits)
    elif name == "cond":
        raise NotImplementedError("branches")
    else:
        for called in _CALLS:
            if isinstance(parameters.get(called), core.ClosedJaxpr):
                return _evaluate(parameters[called], inputs, bits)
    made = equation.primitive.bind(*inputs, **parameters)
    return made if equation.primitive.multiple_results else [made]


def _scan(parameters: dict[str, Any], inputs: list[Any], bits: int) -> Sequence[Any]:
    constants, carried = parameters["num_consts"], parameters["num_carry"]
    fixed, carry = inputs[:constants], inputs[constants : constants + carried]

    def step(carry: list[Any], each: list[Any]) -> tuple[list[Any], list[Any]]:
        made = _evaluate(parameters["jaxpr"], [*fixed, *carry, *each], bits)
        return made[:carried], made[carried:]

    carry, stacked = jax.lax.scan(
        step,
        carry,
        inputs[constants + carried :],
        length=parameters["length"],
        reverse=parameters["reverse"],
    )
    return [*carry, *stacked]


def _while(parameters: dict[str, Any], inputs: list[Any], bits: int) -> Sequence[Any]:
    of_condition, of_body = parameters["cond_nconsts"], parameters["body_nconsts"]
    fixed, start = inputs[: of_condition + of_body], inputs[of_condition + of_body :]
    condition, body = parameters["cond_jaxpr"], parameters["body_jaxpr"]
    return jax.lax.while_loop(
        lambda carry: _evaluate(condition, [*fixed[:of_condition], *carry], bits)[0],
        lambda carry: _evaluate(body, [*fixed[of_condition:], *carry], bits),
        start,
    )
