"""Gathers all results into one page.

    python -m experiments.report [--results=experiments/results] [--output=RESULTS.md]

For every folder of results: its table with the circumstances as they were written, a table of means
and standard deviations where several seeds ran, and its pictures.
"""

from pathlib import Path

from absl import flags

from experiments.run import command_line


def _main() -> None:
    from experiments.report.page import report
    from experiments.run.run_folder import write_file

    page = Path(_OUTPUT.value)
    text = report(Path(_RESULTS.value), page)
    write_file(page, text)
    print(f"written: {page}")


if __name__ == "__main__":
    _RESULTS = flags.DEFINE_string("results", "experiments/results", "Folder of the results.")
    _OUTPUT = flags.DEFINE_string("output", "RESULTS.md", "The page.")
    command_line.run(_main)
