"""What a drill did and what was lost."""

from dataclasses import dataclass, field

from experiments.report.provenance import Row


@dataclass
class Outcome:
    """A row of the drill's table, filled while the drill runs.

    Attributes:
      done: what was done, in words.
      times: how often.
      lost: how often something was lost: the end differed from that of the undisturbed run, a
        process hung, or another end than the expected one came.
      said: lines that the program printed about it, each once.
      why: of each loss, what was seen.
      measured: figures, by their names.
    """

    done: str
    times: int = 0
    lost: int = 0
    said: list[str] = field(default_factory=list)
    why: list[str] = field(default_factory=list)
    measured: dict[str, float] = field(default_factory=dict)

    def count(self, *problems: str | None) -> None:
        """Counts a fault; it is a loss if there is a problem."""
        found = [problem for problem in problems if problem]
        self.times += 1
        self.lost += bool(found)
        self.why += found

    def quote(self, text: str) -> None:
        """Keeps the lines of a program's errors."""
        for line in text.splitlines():
            if line not in self.said:
                self.said.append(line)

    def row(self, name: str, seconds: float) -> Row:
        """The row, for results."""
        return {
            "drill": name,
            "done": self.done,
            "times": self.times,
            "lost": self.lost,
            "said": " / ".join(self.said[:3]) or None,
            "measured": "; ".join(f"{n}: {v:.3g}" for n, v in self.measured.items()) or None,
            "seconds": round(seconds),
            "why": " / ".join(self.why[:3]) or None,
        }
