"""SIGKILL at random moments, of each phase of a run, until it ends; then compared."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from data.atomic_file import SUFFIX
from experiments.drill.bench import UPDATES, VALIDATE_EVERY, Bench, logged, saved
from experiments.drill.outcome import Outcome
from experiments.drill.program import Program
from experiments.run.stored import CHECKPOINT_FOLDER
from vstm.inference.model_file import MODEL_FILE

NUM_KILLS = 100
PHASES = ("starting", "training", "validating", "saving", "writing the model", "evaluating")


def kills(bench: Bench) -> Outcome:
    """Kills runs, `NUM_KILLS` times or until the time is over."""
    outcome = Outcome("SIGKILL, until a run ended all the same; counted where the kill came")
    outcome.measured = {f"while {phase}": 0.0 for phase in PHASES} | {"runs": 0.0}
    updates_lost, seconds_lost = [], 0.0
    while outcome.times < NUM_KILLS and bench.left() > 3 * bench.seconds:
        folder, start, before = bench.new_folder(), time.monotonic(), outcome.times
        while bench.left() > 2 * bench.seconds and outcome.times < NUM_KILLS:
            program = bench.train(folder)
            phase = _kill(bench, program, folder)
            if phase is None:
                break
            outcome.measured[f"while {phase}"] += 1
            outcome.count()
            updates_lost.append(max(0, logged(folder) - saved(folder)))
        problem = bench.goes_on(folder)
        outcome.lost += bool(problem)
        outcome.why += [problem] if problem else []
        outcome.measured["runs"] += 1
        if outcome.times > before:
            seconds_lost += time.monotonic() - start - bench.seconds
    if outcome.times:
        outcome.measured["updates done again, a kill"] = sum(updates_lost) / outcome.times
        outcome.measured["seconds lost, a kill"] = seconds_lost / outcome.times
    outcome.measured["seconds of an undisturbed run"] = bench.seconds
    return outcome


def _kill(bench: Bench, program: Program, folder: Path) -> str | None:
    """Kills a program in a phase that is drawn; the phase that it was in, None if it had ended."""
    wanted = bench.chance.choices(PHASES, (1, 5, 4, 4, 3, 3))[0]
    last = logged(folder)
    ahead = last + bench.chance.randint(1, 15)
    if wanted == "starting":
        program.wait_until(lambda: False, bench.chance.uniform(0.1, bench.seconds / 2))
    elif wanted == "training":
        program.wait_until(lambda: logged(folder) >= ahead)
    elif wanted == "validating":
        due = -(-ahead // VALIDATE_EVERY) * VALIDATE_EVERY
        program.wait_until(lambda: logged(folder) >= due)
        time.sleep(bench.chance.uniform(0, 0.02))
    elif wanted == "saving":
        program.wait_until(lambda: logged(folder) >= ahead)
        program.wait_until(lambda: _parts(folder / CHECKPOINT_FOLDER, ""))
        time.sleep(bench.chance.uniform(0, 0.1))
    elif wanted == "writing the model":
        program.wait_until(lambda: logged(folder) >= UPDATES - 1)
        _spin(program, lambda: _parts(folder, MODEL_FILE))
    else:
        program.wait_until(lambda: saved(folder) == UPDATES and (folder / MODEL_FILE).exists())
        time.sleep(bench.chance.uniform(0, bench.seconds / 8))
    program.signal(signal.SIGKILL)
    if program.finish().code != -signal.SIGKILL:
        return None
    return _phase(folder, last)


def _phase(folder: Path, last: int) -> str:
    """In which phase a run was killed, by what it left."""
    reached = logged(folder)
    if _parts(folder, MODEL_FILE):
        _remove_parts(folder)
        return "writing the model"
    if _parts(folder / CHECKPOINT_FOLDER, ""):
        return "saving"
    if saved(folder) == UPDATES and (folder / MODEL_FILE).exists():
        return "evaluating"
    if reached == last:
        return "starting"
    due = reached % VALIDATE_EVERY == 0 and saved(folder) < reached
    return "validating" if due else "training"


def _spin(program: Program, reached: Callable[[], bool]) -> None:
    """`wait_until` without pauses, for what takes a millisecond."""
    while program.running() and not reached():
        pass


def _parts(folder: Path, name: str) -> bool:
    """Whether a file or folder is being written."""
    try:
        return any(n.startswith(name) and n.endswith(SUFFIX) for n in os.listdir(folder))
    except OSError:
        return False


def _remove_parts(folder: Path) -> None:
    """So that the next kill is told by its own."""
    for path in folder.glob(f"{MODEL_FILE}*{SUFFIX}"):
        path.unlink()
