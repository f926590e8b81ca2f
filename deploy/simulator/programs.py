"""The few programs that the pods of a simulated cluster know."""

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from deploy.simulator import nvidia_smi
from deploy.simulator.cluster import Cluster, Pod

_GPU_DRIVER = "nvidia-driver-daemonset"
_SHELLS = frozenset({"sh", "/bin/sh", "bash", "/bin/bash"})
_MISSING, _MISUSED = 127, 2
_NUMBER = re.compile(r"[0-9]{1,9}")
_TO_STDERR = ">&2"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a program has printed, and how it ended."""

    stdout: str = ""
    stderr: str = ""
    code: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when a program runs."""

    cluster: Cluster
    pod: Pod
    at: datetime


def run(place: Place, command: Sequence[str]) -> Outcome:
    """What comes of a command; the runtime's own complaint if there is no such program."""
    if len(command) == 3 and command[0] in _SHELLS and command[1] == "-c":
        return _script(place, command[2])
    found = _program(place, command)
    if found is None:
        # As crun says it.
        text = f"executable file `{command[0]}` not found in $PATH: No such file or directory\n"
        return Outcome(stderr=text, code=_MISSING)
    return found


def _program(place: Place, command: Sequence[str]) -> Outcome | None:
    match command:
        case ["echo", *words]:
            return Outcome(" ".join(words) + "\n")
        case ["nvidia-smi" | "/usr/bin/nvidia-smi", *options] if place.pod.app == _GPU_DRIVER:
            nodes = place.cluster.nodes()
            node = next(each for each in nodes if each.name == place.pod.node)
            stdout, code = nvidia_smi.run(place.cluster, node, options, place.at)
            return Outcome(stdout, code=code)
        case _:
            return None


def _script(place: Place, text: str) -> Outcome:
    """Statements one after another, as far as a shell needs no more than that."""
    stdout, stderr, code = "", "", 0
    for statement in text.split(";"):
        try:
            words = shlex.split(statement)
        except ValueError:
            return Outcome(
                stdout, f"{stderr}sh: syntax error: unterminated quoted string\n", _MISUSED
            )
        if words[:1] == ["exit"]:
            return Outcome(stdout, stderr, _exit_code(words, code))
        if words:
            done = _statement(place, words)
            stdout, stderr, code = stdout + done.stdout, stderr + done.stderr, done.code
    return Outcome(stdout, stderr, code)


def _statement(place: Place, words: list[str]) -> Outcome:
    aside = words[-1] == _TO_STDERR
    done = _program(place, words[:-1] if aside else words)
    if done is None:
        return Outcome(stderr=f"sh: {words[0]}: not found\n", code=_MISSING)
    return Outcome(stderr=done.stdout + done.stderr, code=done.code) if aside else done


def _exit_code(words: list[str], last: int) -> int:
    if len(words) == 1:
        return last
    return int(words[1]) & 0xFF if _NUMBER.fullmatch(words[1]) else _MISUSED
