"""Tells a running NATS server to read its configuration again, and looks whether it has.

Nobody else is disconnected. A server makes a new account at the first reload but lets it reach the
platform's only at the next one (2.15), so it is told until the publisher's commands arrive.

What is asked is a few lines of the protocol: the library tries again without end where a server
says no.
"""

import json
import os
import socket
import time
from enum import Enum
from signal import SIGHUP
from urllib.parse import urlsplit

_TRIES = 20
_WAIT = 0.25
_PATIENCE = 1.0
# The stream refuses it, so that nothing is stored; that it answers is what is looked for.
_PROBE = b"NATS/1.0\r\nNats-Expected-Stream: none\r\n\r\n"


class CannotReload(Exception):
    """The server has not taken its new configuration."""


class _Reach(Enum):
    """How far a publisher comes."""

    NOT_IN = 0
    IN = 1
    QUEUE = 2


def let_in(pid: int, url: str, name: str, password: str) -> None:
    """Reload until a publisher's commands reach the queue; CannotReload if they do not."""
    if not _reload_until(_Reach.QUEUE, pid, url, name, password):
        raise CannotReload(f"the NATS server does not take {name}'s commands: see its log")


def shut_out(pid: int, url: str, name: str, password: str) -> None:
    """Reload until a publisher cannot connect any more; CannotReload if it still can."""
    if not _reload_until(_Reach.NOT_IN, pid, url, name, password):
        raise CannotReload(f"the NATS server still lets {name} in: see its log")


def _reload_until(wanted: _Reach, pid: int, url: str, name: str, password: str) -> bool:
    for _ in range(_TRIES):
        try:
            os.kill(pid, SIGHUP)
        except OSError:
            raise CannotReload("the NATS server does not run") from None
        time.sleep(_WAIT)
        if _reach(url, name, password) is wanted:
            return True
    return False


def _reach(url: str, name: str, password: str) -> _Reach | None:
    """None if the server does not say: whom it is too busy to answer may well be in."""
    address = urlsplit(url)
    login = {"user": name, "pass": password, "headers": True, "no_responders": True}
    login |= {"verbose": False, "lang": "aiops", "version": "1"}
    subject, inbox, size = f"cmd.{name}.clusters.probe", "_INBOX.probe", len(_PROBE)
    probe = f"SUB {inbox} 1\r\nHPUB {subject} {inbox} {size} {size}\r\n".encode() + _PROBE + b"\r\n"
    try:
        with (
            socket.create_connection((address.hostname or "", address.port or 0), _PATIENCE) as own,
            own.makefile("rb") as lines,
        ):
            lines.readline()
            own.sendall(f"CONNECT {json.dumps(login)}\r\nPING\r\n".encode())
            answer = lines.readline()
            if not answer.startswith(b"PONG"):
                return _Reach.NOT_IN if b"authorization violation" in answer.lower() else None
            own.sendall(probe)
            # With headers it is the server's word that nobody listens.
            return _Reach.QUEUE if lines.readline().startswith(b"MSG ") else _Reach.IN
    except OSError:
        return None
