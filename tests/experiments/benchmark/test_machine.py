"""What is known of the processor, and narrower vectors on both sides."""

import os
import subprocess
import sys

import jax
import pytest

from experiments.benchmark.machine import limited, machine, processor


def test_processor_is_read_with_the_width_of_its_vectors():
    text = "processor\t: 0\nmodel name\t: Nine 5 (2.4 GHz): X\nflags\t\t: fpu avx{}\n\n"
    assert processor(text.format(" avx2 avx512f")) == ("Nine 5 (2.4 GHz): X", 512)
    assert processor(2 * text.format(" avx2")) == ("Nine 5 (2.4 GHz): X", 256)
    assert processor(text.format("")) == ("Nine 5 (2.4 GHz): X", 128)
    assert processor("") == ("unknown", 128)


def test_both_sides_are_limited_to_narrower_vectors():
    given = {"XLA_FLAGS": "--xla_cpu_x=1", "PATH": "/bin"}
    assert limited(given, "native") == given
    narrow = limited(given, "avx2")
    assert narrow["XLA_FLAGS"].split() == ["--xla_cpu_x=1", "--xla_cpu_max_isa=AVX2"]
    assert (narrow["ATEN_CPU_CAPABILITY"], narrow["ONEDNN_MAX_CPU_ISA"]) == ("avx2", "AVX2")
    assert narrow["PATH"] == "/bin"


def test_pytorch_heeds_the_limit():
    pytest.importorskip("torch")
    if machine("native")["vector_bits"] < 256:
        pytest.skip("no AVX2")
    asked = "import torch; print(torch.backends.cpu.get_cpu_capability())"
    process = subprocess.run(
        [sys.executable, "-c", asked],
        env=limited(os.environ, "avx2"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert process.stdout.strip() == "AVX2"


def test_facts_are_of_this_machine():
    facts = machine("avx2")
    assert (facts["jax"], facts["isa"]) == (jax.__version__, "avx2")
    assert facts["vector_bits"] in (128, 256, 512) and facts["cores"] >= 1
