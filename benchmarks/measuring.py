"""What processes cost while something is done: processor seconds and the most memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

import psutil

__all__ = ["MB", "Cost", "Meter", "Watch", "processor_seconds"]

MB = 1_000_000


class Watch:
    """The most memory that a process and its children hold, looked at five times a second."""

    def __init__(self, pid: int) -> None:
        self.peak = 0
        self._root, self._ends = psutil.Process(pid), threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def stop(self) -> None:
        self._ends.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ends.wait(0.2):
            held = 0
            try:
                for process in (self._root, *self._root.children(recursive=True)):
                    held += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
            self.peak = max(self.peak, held)


def processor_seconds(process: psutil.Process) -> float:
    """Of a process and all its children, those that ended among them."""
    total = 0.0
    for each in (process, *process.children(recursive=True)):
        try:
            times = each.cpu_times()
        except psutil.NoSuchProcess:  # its parent counts it from now on
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


@dataclass(frozen=True, slots=True)
class Cost:
    """What something took.

    Attributes:
        seconds: by the clock on the wall.
        processor: seconds of processor, by who spent them.
    """

    seconds: float
    processor: Mapping[str, float]


class Meter:
    """Measures from its making on.

    Args:
        processes: pids, by who they are; their children count as they.
    """

    def __init__(self, processes: Mapping[str, int]) -> None:
        self._processes = {who: psutil.Process(pid) for who, pid in processes.items()}
        self._before = self._spent()
        self._began = time.perf_counter()

    def cost(self) -> Cost:
        """Since the beginning."""
        seconds = time.perf_counter() - self._began
        spent = self._spent()
        return Cost(seconds, {who: spent[who] - self._before[who] for who in spent})

    def _spent(self) -> dict[str, float]:
        return {who: processor_seconds(process) for who, process in self._processes.items()}
