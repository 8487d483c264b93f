"""Exits with 0 if the service in this container is ready, else with 1: the image's HEALTHCHECK.

By a bare socket: it runs every few seconds, and `http.client` alone takes longer to import than
the answer to come.
"""

import os
import socket
import sys

TIMEOUT_SECONDS = 2


def ask_ready(port: int) -> bool:
    """Return whether `/readyz` on this machine answers with 200."""
    try:
        with socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS) as connection:
            connection.settimeout(TIMEOUT_SECONDS)
            connection.sendall(b"GET /readyz HTTP/1.0\r\n\r\n")
            return connection.recv(12).endswith(b" 200")
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(not ask_ready(int(os.environ.get("PORT") or os.environ.get("BENTOML_PORT") or 3000)))
