"""Ports of this machine: which are free, and which stay free."""

import contextlib
import random
import socket
from pathlib import Path

LOWEST_PORT = 15_000
EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
USUAL_FIRST_EPHEMERAL_PORT = 32_768
ATTEMPTS = 200


def is_free(port: int) -> bool:
    """Tell whether a server could listen on `port` of 127.0.0.1 now."""
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        # As the servers do: a connection still closing down does not make a port taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def find_free_port() -> int:
    """Return a free port that the system does not hand out to outgoing connections.

    Binding port 0 would give one of those: while a killed server is down, a client that keeps
    reconnecting may then be given that very port, connect to itself and keep the server out.
    """
    choices = random.SystemRandom().sample(range(LOWEST_PORT, first_ephemeral_port()), ATTEMPTS)
    for port in choices:
        if is_free(port):
            return port
    raise OSError(f"no free port among {ATTEMPTS} tried")


def first_ephemeral_port() -> int:
    try:
        first = int(EPHEMERAL_RANGE.read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return USUAL_FIRST_EPHEMERAL_PORT
    # A machine that hands out nearly everything leaves no safe range; then the usual one must do.
    return first if first > LOWEST_PORT + ATTEMPTS else USUAL_FIRST_EPHEMERAL_PORT
