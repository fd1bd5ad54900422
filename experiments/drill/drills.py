"""The drills, by name, in the order in which they run; the last one has the time that is left."""

from collections.abc import Callable

from experiments.drill.bench import Bench
from experiments.drill.damage import damaged, damaged_at_the_end, flips
from experiments.drill.folders import read_only, removed, renamed, replaced, unlocked
from experiments.drill.full_disk import full, limited
from experiments.drill.inputs import inputs
from experiments.drill.kills import kills
from experiments.drill.outcome import Outcome
from experiments.drill.prepared import made_anew
from experiments.drill.stops import not_finite, other_devices, stops, two_runs

DRILLS: dict[str, Callable[[Bench], Outcome]] = {
    "bit flips": flips,
    "not finite": not_finite,
    "damaged": damaged,
    "damaged at the end": damaged_at_the_end,
    "stops": stops,
    "two runs": two_runs,
    "renamed": renamed,
    "removed": removed,
    "replaced": replaced,
    "unlocked": unlocked,
    "read-only": read_only,
    "full disk": full,
    "limited files": limited,
    "data made anew": made_anew,
    "other devices": other_devices,
    "inputs": inputs,
    "kills": kills,
}
"""A new one is a function of a bench and an entry here."""
