import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from absl import flags
from small_run import ROOT

from experiments import train
from experiments.configs import config_flag
from experiments.console.errors import UserError
from experiments.run import command_line

PROGRAMS = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in sorted([*ROOT.glob("experiments/*.py"), *ROOT.glob("experiments/**/__main__.py")])
    if "command_line.run(" in path.read_text()
]
CONFIG = "--config=experiments/configs/moving_mnist.py:fc-2enc-1LSTM:paper"


def test_flags_are_parsed_before_anything_heavy_is_imported():
    """In one process for all programs, with what each runs left out."""
    code = f"""
import importlib, sys
heavy = {{"jax", "flax", "optax", "orbax", "grain", "matplotlib", "tensorboardX", "av"}}
for name in {PROGRAMS}:
    program = importlib.import_module(name)
    assert program.main(["--help"]) == 0
    assert program.main(["--no_such_flag"]) == 2
    program._main = lambda *others: None
    required = {{"train": ["{CONFIG}", "--config.tau=3", "--workdir=x"]}}
    assert program.main(required.get(name.split(".")[1], [])) in (0, 2)
    assert not heavy & set(sys.modules), (name, heavy & set(sys.modules))
"""
    assert len(PROGRAMS) >= 11
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr


def test_help_is_the_documentation_as_written_and_the_flags(capsys):
    assert train.main(["--workdir=x", "--help"]) == 0
    text = capsys.readouterr().out
    assert "moving_mnist.py:conv-1enc-1LSTM \\\n        --workdir=runs/x [--config.FIELD" in text
    documentation, described = text.split("\nflags:\n")
    assert documentation.strip() == train.__doc__.strip()
    named = (
        "conv-2enc-2LSTM",
        "fast, quick, gpu, paper",
        "experiments/configs/default.py",
        "video.py",
    )
    for part in named:
        assert part in described
    assert "--workdir (required)" in described


@pytest.fixture
def toy():
    """A program's flags, and what it was called with."""
    values = flags.FlagValues()
    config = config_flag.define(values)
    number = flags.DEFINE_integer("number", 3, "A number.", lower_bound=1, flag_values=values)
    optional = flags.DEFINE_integer("optional", None, "A count.", lower_bound=1, flag_values=values)
    kind = flags.DEFINE_enum("kind", "b", ["a", "b"], "A kind.", flag_values=values)
    calls = []

    def main():
        calls.append((config.value.to_dict(), number.value, optional.value, kind.value))

    return (lambda *argv: command_line.run(main, values, "Toy.", argv)), calls


def test_a_quoted_command_is_one_that_a_shell_reads_back():
    given = ["my clips", "--config=a.py:b", "--output=it's"]
    quoted = shlex.split(command_line.command("experiments.x", given))
    assert quoted == ["python", "-m", "experiments.x", *given]


def test_help_says_what_is_required_and_the_defaults(toy, capsys):
    run, calls = toy
    assert run("-h") == 0
    text = capsys.readouterr().out
    assert "--config (required)" in text
    assert "--number (default: 3)\n      A number.\n" in text
    assert "--optional (default: none)" in text
    assert "--kind (default: b)\n      <a|b>: A kind." in text
    assert not calls


def test_calls_in_one_process_do_not_see_each_others_flags(toy):
    run, calls = toy
    assert run(CONFIG, "--config.tau=3", "--number=5") == 0
    assert run(CONFIG, "--config.moving_mnist.lines=True", "--optional", "7") == 0
    assert run(CONFIG, "--config.tau=4") == 0
    assert [(c["tau"], c["moving_mnist"]["lines"], *rest) for c, *rest in calls] == [
        (3, False, 5, None, "b"),
        (10, True, 3, 7, "b"),
        (4, False, 3, None, "b"),
    ]
    assert calls[0][0]["variant"] == "fc-2enc-1LSTM"
    assert calls[0][0]["recipe"] == "paper"


@pytest.mark.parametrize(
    "arguments, message",
    [
        ([], "--config: required"),
        ([CONFIG, "--numbr=3"], "Unknown command line flag 'numbr'. Did you mean: number"),
        ([CONFIG, "--number=0"], "--number=0"),
        ([CONFIG, "3"], "unexpected argument '3'"),
        ([CONFIG, "--config.tua=3"], "config.tua: config has no field 'tua'; did you mean 'tau'?"),
        ([CONFIG, "--noconfig.moving_mnist.linse"], "did you mean 'lines'?"),
        (
            [CONFIG, "--config.moving_mnist.lines=yes"],
            "lines: expected bool (True or False), got 'yes'",
        ),
        ([CONFIG, "--config.tau", "ten"], "config.tau: expected int, got 'ten'"),
        ([CONFIG, "--config.seed=1.5"], "config.seed: expected int, got '1.5'"),
        ([CONFIG, "--config.flow_loss.smoothness_weight=x"], "weight: expected float, got 'x'"),
        ([CONFIG, "--config.data=3"], "config.data: expected one of its fields, such as config."),
        (["--config", "nowhere.py"], "--config: nowhere.py: no such Python file"),
        (["--flagfile=/nowhere"], "--flagfile: Unable to open flagfile: "),
        (["--flagfile=FILE"], "config.train.batchsize: config.train has no field 'batchsize'"),
        (["--flagfile=FILE", "--config.tau=3"], "did you mean 'batch_size'?"),
        (["--flagfile"], "--flagfile"),
        (["--flagfile=BINARY"], "--flagfile: "),
        (["--config=RAISES"], "--config: ZeroDivisionError: division by zero"),
    ],
)
def test_bad_flags_are_one_line_and_nothing_runs(toy, arguments, message, tmp_path, capsys):
    (tmp_path / "FILE").write_text(f"{CONFIG}\n--config.train.batchsize=3\n")
    (tmp_path / "BINARY").write_bytes(b"\xc5\x00\xff")
    (tmp_path / "RAISES.py").write_text("def get_config():\n    1 / 0\n")
    places = {
        "=FILE": f"={tmp_path / 'FILE'}",
        "=BINARY": f"={tmp_path / 'BINARY'}",
        "=RAISES": f"={tmp_path / 'RAISES.py'}",
    }
    for name, path in places.items():
        arguments = [argument.replace(name, path) for argument in arguments]
    run, calls = toy
    assert run(*arguments) == 2
    errors = capsys.readouterr().err
    assert errors.startswith("error: ")
    assert message in errors
    assert len(errors.splitlines()) == 1
    assert not calls


def test_flags_from_a_file(toy, tmp_path):
    run, calls = toy
    path = tmp_path / "flags"
    path.write_text(f"# a comment\n{CONFIG}\n--config.tau=3\n--number=5\n")
    assert run(f"--flagfile={path}", "--config.seed=9") == 0
    assert (calls[0][0]["tau"], calls[0][0]["seed"], calls[0][1]) == (3, 9, 5)


def test_status_and_errors_of_the_program(capsys):
    def bad():
        raise UserError("x.json: not a result")

    assert command_line.run(lambda: 143, flags.FlagValues(), "", []) == 143
    assert command_line.run(lambda: None, flags.FlagValues(), "", []) == 0
    assert command_line.run(bad, flags.FlagValues(), "", []) == 2
    assert capsys.readouterr().err == "error: x.json: not a result\n"


def test_a_program_without_a_configuration_knows_no_fields_of_one(capsys):
    assert command_line.run(lambda: None, flags.FlagValues(), "Toy.", ["--config.tau=1"]) == 2
    assert "Unknown command line flag 'config.tau'" in capsys.readouterr().err


def test_arguments_that_are_no_flags_stand_anywhere_and_are_wanted(capsys):
    values = flags.FlagValues()
    number = flags.DEFINE_integer("number", 3, "A number.", flag_values=values)
    calls = []

    def run(*argv):
        def main(*given):
            calls.append((number.value, given))

        return command_line.run(main, values, "Toy.", argv, arguments="FOLDER")

    assert run("a", "--number=5", "b") == 0
    assert run("--number", "7", "--", "--c") == 0
    assert calls == [(5, ("a", "b")), (7, ("--c",))]
    assert run("--number=5") == 2
    assert capsys.readouterr().err == "error: FOLDER: expected one or more; --help shows how\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_output_that_has_no_room_is_an_error_in_a_line():
    code = """
import sys
from absl import flags
from experiments.run import command_line
print_much = lambda: print("x" * 100_000, flush=True)
sys.exit(command_line.run(print_much, flags.FlagValues(), "", []))
"""
    with open("/dev/full", "w") as full:
        process = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert process.returncode == 2
    assert process.stderr.decode() == (
        "error: the output: cannot be written (No space left on device)\n"
    )
