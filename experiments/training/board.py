"""TensorBoard's event files, written so that they never stop a run."""

import os
import socket
import struct
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from tensorboardX import summary
from tensorboardX.proto.event_pb2 import Event, SessionLog
from tensorboardX.record_writer import masked_crc32c

VERSION = "brain.Event:2"


class Board:
    """One event file. Each event is on its way to disk when its call returns, so a kill loses none.

    Where an event cannot be written, as on a full disk, a warning says so, once, and the rest is
    left out. (The writer of tensorboardX itself has a thread, which dies then, and a queue, which
    fills up and blocks.)
    """

    def __init__(self, folder: Path, last_step: int):
        """Opens the file for what follows update `last_step`; later events are hidden.

        Args:
          folder: of the curves; made if need be, in an existing one.
          last_step: update.
        """
        # The time has whole seconds alone; a run may be continued within one.
        name = f"events.out.tfevents.{int(time.time())}.{socket.gethostname()}.{last_step}"
        self._path = folder / name
        self._file: int | None = None
        try:
            folder.mkdir(exist_ok=True)
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        except OSError as error:
            self._give_up(error)
        self._write(Event(file_version=VERSION))
        self._write(Event(step=last_step + 1, session_log=SessionLog(status=SessionLog.START)))

    def scalar(self, name: str, value: float, step: int) -> None:
        """Adds a point of a curve."""
        self._write(Event(step=step, summary=summary.scalar(name, value)))

    def picture(self, name: str, picture: np.ndarray, step: int) -> None:
        """Adds a picture, uint8 [rows, columns, 3]."""
        self._write(Event(step=step, summary=summary.image(name, picture, dataformats="HWC")))

    def text(self, name: str, text: str) -> None:
        """Adds a text, in Markdown."""
        self._write(Event(step=0, summary=summary.text(name, text)))

    def hyperparameters(self, fields: Mapping[str, Any], scores: Mapping[str, Any]) -> None:
        """Adds fields and the names of scores to the tab of hyperparameters."""
        for part in summary.hparams(dict(fields), dict(scores)):
            self._write(Event(step=0, summary=part))

    def close(self) -> None:
        """Closes the file."""
        if self._file is not None:
            file, self._file = self._file, None
            os.close(file)

    def _write(self, event: Event) -> None:
        if self._file is None:
            return
        event.wall_time = time.time()
        data = event.SerializeToString()
        length = struct.pack("<Q", len(data))
        record = b"".join((length, _checksum(length), data, _checksum(data)))
        try:
            while record:
                record = record[os.write(self._file, record) :]
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        print(
            f"warning: {self._path}: cannot be written ({error.strerror}); TensorBoard has nothing "
            "more of this curve until the run is continued",
            file=sys.stderr,
            flush=True,
        )
        self.close()


def _checksum(data: bytes) -> bytes:
    return struct.pack("<I", masked_crc32c(data))
