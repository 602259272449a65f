"""The course's one change to the Jupyter server: kernel messages leave at once."""

import asyncio

from aeutils.private import jupyter


class PromptConnection(jupyter.websocket_connection()):
    """A kernel's websocket that sends each message without waiting for the one before to be acknowledged.

    Jupyter never sets TCP_NODELAY. Moving a slider is answered by several small messages, and Nagle's algorithm holds
    the second back until the browser acknowledges the first, which it delays by about 40 ms.
    """

    def connect(self) -> asyncio.Future | None:
        """Connects the kernel and the browser, as the parent does. The future is done when the kernel answers."""
        jupyter.send_at_once(self)
        return super().connect()
