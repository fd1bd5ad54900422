"""Entry point of the programs here: arguments in, one clear line where they or the data are wrong.

A program is a file of this shape; what is heavy is imported inside `_main`, so that `--help` and a
mistyped option are answered at once.

    def main(argv: Sequence[str] | None = None) -> int:
        return command_line.run(_main, _parser(), argv)

    if __name__ == "__main__":
        sys.exit(main())
"""

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

_HELP = {"-h", "--help"}


class Parser(argparse.ArgumentParser):
    """Raises a ValueError where argparse ends the process; shows a program's text as it is."""

    def __init__(self, prog: str, description: str | None):
        super().__init__(
            prog=f"python -m {prog}",
            description=description,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        raise ValueError(message.removeprefix("argument "))


def run(
    main: Callable[[argparse.Namespace], None],
    parser: Parser,
    argv: Sequence[str] | None = None,
) -> int:
    """Parses a program's arguments and runs it.

    Args:
      main: the program.
      parser: of its arguments.
      argv: arguments, without the program's name; None: those of the process.

    Returns:
      The status: 2 after bad input, with one line on standard error that says what is wrong; 130
      after Ctrl-C.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    if _HELP & set(arguments):
        parser.print_help()
        return 0
    try:
        main(parser.parse_args(arguments))
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped by SIGINT", file=sys.stderr)
        return 128 + signal.SIGINT
    return 0
