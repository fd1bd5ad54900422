"""Entry point shared by the programs: flags in, one clear line out where the input is wrong.

A program is a file of this shape. What is heavy is imported inside `_main`: so `--help` and a
mistyped flag are answered at once, and the process is set up before JAX starts.

    _FLAGS = flags.FlagValues()
    _WORKDIR = flags.DEFINE_string("workdir", None, "Folder.", required=True, flag_values=_FLAGS)

    def main(argv: Sequence[str] | None = None) -> int:
        return command_line.run(_main, _FLAGS, __doc__, argv)

    if __name__ == "__main__":
        sys.exit(main())
"""

import errno
import os
import re
import shlex
import sys
import textwrap
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress

from absl import flags, logging

from experiments.configs import config_flag
from experiments.configs.fields import check_text
from experiments.console.errors import UserError
from experiments.console.runtime import set_up_process
from experiments.console.stop_signals import ending_at_once

_HELP_FLAGS = {"-h", "-help", "--help"}
_REQUIRED = "must have a value other than None"  # as absl says it
_WIDTH = 100
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def run(
    main: Callable[..., int | None],
    flag_values: flags.FlagValues,
    documentation: str | None,
    argv: Sequence[str] | None = None,
    *,
    arguments: str = "",
) -> int:
    """Parses a program's flags and runs it.

    Args:
      main: the program, called with the arguments that are no flags; gives its status, None for 0.
      flag_values: its flags.
      documentation: what `--help` prints above them.
      argv: arguments, without the program's name. None: those of the process, which is then set up
        and ended by SIGTERM and Ctrl-C.
      arguments: what those are that are no flags, of which it then needs one or more, before or
        after flags; empty: it takes none.

    Returns:
      The status: 2 after bad input or on a full disk, with one line on standard error that says
      what is wrong.
    """
    owns_process = argv is None
    given = sys.argv[1:] if argv is None else list(argv)
    if _HELP_FLAGS & set(given):
        print(help_text(flag_values, documentation or ""))
        return 0
    with ending_at_once() if owns_process else nullcontext():
        try:
            rest = _parse(flag_values, given, arguments)
            if owns_process:
                set_up_process()
                # orbax reports every step of every save, and each error with a long traceback.
                logging.set_verbosity(logging.FATAL)
            return main(*rest) or 0
        except UserError as error:
            return _bad_end(str(error))
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            path = error.filename or "the output"  # such as a log that it is redirected to
            return _bad_end(f"{path}: cannot be written ({error.strerror})")


def command(program: str, argv: Sequence[str] | None) -> str:
    """The shell command that runs a program, to be quoted beside what it writes.

    Args:
      program: module, such as experiments.predict.
      argv: as `run` takes it.
    """
    return shlex.join(["python", "-m", program, *(sys.argv[1:] if argv is None else argv)])


def _bad_end(message: str) -> int:
    """Says what is wrong, where that has room; drops output that has none. Gives the status."""
    with suppress(OSError):
        print(f"error: {message}", file=sys.stderr)
    try:
        sys.stdout.flush()
    except OSError:  # which Python would meet again when it ends, and change the status
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 2


def help_text(flag_values: flags.FlagValues, documentation: str) -> str:
    """A program's documentation as it is written, and what its flags say."""
    lines = [documentation.strip(), "", "flags:"]
    for name in flag_values:
        flag = flag_values[name]
        text = textwrap.fill(flag.help, _WIDTH - 6, break_on_hyphens=False)
        lines += [f"  --{name} ({_default(flag)})", textwrap.indent(text, 6 * " ")]
    return "\n".join(lines)


def _default(flag: flags.Flag) -> str:
    if _is_required(flag):
        return "required"
    value = ",".join(flag.default) if isinstance(flag.default, list) else flag.default
    return "default: none" if value in (None, "") else f"default: {value}"


def _is_required(flag: flags.Flag) -> bool:
    return any(_REQUIRED in validator.message for validator in flag.validators)


def _parse(flag_values: flags.FlagValues, arguments: Sequence[str], others: str) -> list[str]:
    """Parses a program's flags, whatever an earlier call left in them.

    Returns:
      The arguments that are no flags, which are `others`; none are expected where that is empty.

    Raises:
      UserError: a flag, or a file of flags or of a configuration, is wrong.
    """
    for name in flag_values:
        flag_values[name].unparse()
    flag_values.set_gnu_getopt(bool(others))  # flags may follow them
    try:
        arguments = flag_values.read_flags_from_files(arguments)
    except (flags.Error, OSError, UnicodeDecodeError) as error:
        raise UserError(f"--flagfile: {str(error).removeprefix('ERROR:: ')}") from error
    config_flag.prepare(flag_values, arguments)
    try:
        _, *rest = flag_values(["", *arguments])
    except flags.Error as error:
        raise UserError(_one_line(error, flag_values)) from error
    except Exception as error:  # whatever a configuration file may raise
        text = " ".join(str(error).split())
        raise UserError(f"--config: {type(error).__name__}: {text}") from error
    if rest and not others:
        raise UserError(f"unexpected argument {rest[0]!r}; all arguments are flags, --name=value")
    if others and not rest:
        raise UserError(f"{others}: expected one or more; --help shows how")
    return rest


def height_and_width(flag: str, text: str) -> tuple[int, int]:
    """A size of frames, such as 240x320, as (H, W), pixels.

    Args:
      flag: that gives it.
      text: its value.

    Raises:
      UserError: no such size.
    """
    height, _, width = text.partition("x")
    if not (height.isdecimal() and width.isdecimal() and int(height) and int(width)):
        raise UserError(f"--{flag}={text}: expected HEIGHTxWIDTH, such as 240x320")
    return int(height), int(width)


def _one_line(error: flags.Error, flag_values: flags.FlagValues) -> str:
    text = str(error)
    if _REQUIRED in text:
        required = [flag_values[name] for name in flag_values if _is_required(flag_values[name])]
        missing = [f"--{flag.name}" for flag in required if flag.value is None]
        return f"{', '.join(missing)}: required; --help shows all flags"
    field = re.match(r"flag --config\.([\w.]+)=(.*?): ", text, re.DOTALL)
    if field:
        try:
            check_text(*field.groups())
        except UserError as wrong_type:
            return str(wrong_type)
    # A configuration file's own error arrives with its traceback as text; its last line says why.
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].removeprefix("ValueError: ") if "Traceback" in text else text
