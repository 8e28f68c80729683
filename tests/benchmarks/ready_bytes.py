"""Serves the bytes of one file: the least that a server of Python can do for a list."""

import os
from pathlib import Path
from typing import Any

CONTENT = Path(os.environ.get("READY_BYTES", os.devnull)).read_bytes()


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer everything with the file."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(CONTENT)).encode()),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": CONTENT})
