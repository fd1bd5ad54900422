"""Entry point shared by the programs: flags in, one clear line out where the input is wrong."""

import itertools
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from absl import app, flags, logging

from experiments.run.errors import UserError
from experiments.run.fields import check_path
from experiments.run.runtime import keep_compiled_programs, use_allocation


def parse_flags(argv: Sequence[str]) -> list[str]:
    """Parses absl flags; unknown configuration fields are named before anything else happens."""
    try:
        _check_config_flags(argv)
        return flags.FLAGS(list(argv))
    except UserError as error:
        _exit(error)
    except flags.Error as error:
        # A configuration file's own error arrives with its traceback as text; its last line tells.
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        _exit(lines[-1].removeprefix("ValueError: ") if "Traceback" in str(error) else error)
    except Exception as error:  # whatever a configuration file may raise
        _exit(f"--config: {type(error).__name__}: {' '.join(str(error).split())}")


def _check_config_flags(argv: Sequence[str]) -> None:
    for argument, following in itertools.pairwise([*argv[1:], ""]):
        if not argument.startswith("-"):
            continue
        name, equals, value = argument.lstrip("-").partition("=")
        if name == "config":
            path = Path((value if equals else following).partition(":")[0])
            if not path.is_file() or path.suffix != ".py":
                raise UserError(f"--config: {path}: no such Python file")
        elif name.startswith("config."):
            check_path(name.removeprefix("config."))


def run(main: Callable[[], int | None]) -> None:
    """Parses the flags, runs `main` and exits with its status; 2 for a `UserError`."""

    def checked_main(argv: Sequence[str]) -> None:
        if len(argv) > 1:
            _exit(f"unexpected argument {argv[1]!r}; all arguments are flags, --name=value")
        try:
            signal.signal(signal.SIGTERM, _terminate)
            keep_compiled_programs()
            sys.exit(main())
        except UserError as error:
            _exit(error)
        except KeyboardInterrupt:
            _terminate(signal.SIGINT, None)

    use_allocation()
    logging.set_verbosity(logging.ERROR)  # orbax reports every step of every save
    app.run(checked_main, flags_parser=parse_flags)


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    print(f"stopped by {signal.Signals(number).name}", file=sys.stderr)
    sys.exit(128 + number)


def _exit(message: object) -> NoReturn:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(2)
