"""Finds a free port and asks whether somebody answers on one."""

import http.client
import socket


def free_port(wanted: int = 0, host: str = "127.0.0.1") -> int:
    """A port that nobody uses: the wanted one, or any for 0; OSError if it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, wanted))
        return int(probe.getsockname()[1])


def greets(host: str, port: int, prefix: bytes, timeout: float = 1.0) -> bool:
    """True if the server on this port speaks first and begins with ``prefix``."""
    try:
        with socket.create_connection((host, port), timeout) as connection:
            return connection.recv(len(prefix)) == prefix
    except OSError:
        return False


def answers(host: str, port: int, path: str, timeout: float = 2.0) -> bool:
    """True if GET on this port and path is answered 200."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
