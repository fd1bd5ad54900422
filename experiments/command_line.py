"""Entry point shared by the programs: flags in, one clear line out where the input is wrong."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from absl import app, flags, logging

from experiments.config import check_path
from experiments.errors import UserError

_CONFIG_FILE = "--config="
_OVERRIDE = "--config."


def parse_flags(argv: Sequence[str]) -> list[str]:
    """Parses absl flags; unknown configuration fields are named before anything else happens."""
    try:
        for argument in argv[1:]:
            if argument.startswith(_CONFIG_FILE):
                path = Path(argument.removeprefix(_CONFIG_FILE).partition(":")[0])
                if not path.is_file():
                    raise UserError(f"--config: {path}: no such file")
            if argument.startswith(_OVERRIDE):
                check_path(argument.removeprefix(_OVERRIDE).partition("=")[0])
        return flags.FLAGS(list(argv))
    except UserError as error:
        _exit(error)
    except flags.Error as error:
        # A configuration file's own error arrives with its traceback as text; its last line tells.
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        _exit(lines[-1].removeprefix("ValueError: ") if "Traceback" in str(error) else error)
    raise AssertionError("unreachable")


def run(main: Callable[[], int | None]) -> None:
    """Parses the flags, runs `main` and exits with its status; 2 for a `UserError`."""

    def checked_main(argv: Sequence[str]) -> None:
        if len(argv) > 1:
            _exit(f"unexpected argument {argv[1]!r}; all arguments are flags, --name=value")
        try:
            sys.exit(main())
        except UserError as error:
            _exit(error)
        except KeyboardInterrupt:
            print("interrupted", file=sys.stderr)
            sys.exit(130)

    logging.set_verbosity(logging.WARNING)  # orbax reports every step of every save
    app.run(checked_main, flags_parser=parse_flags)


def _exit(message: object) -> None:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(2)
