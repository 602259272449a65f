"""Private names of the Jupyter server. Apart from PyTorch's: a server that needs these does without PyTorch."""


def websocket_connection() -> type:
    """The class of Jupyter's connections between a kernel and the browser.

    jupyter_server.services.kernels.connection.channels: known in jupyter_server 2.21. Without it: the class from where
    the server itself has it at hand, to take when it is told nothing.
    """
    try:
        from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
    except ImportError:
        from jupyter_server.serverapp import ZMQChannelsWebsocketConnection
    return ZMQChannelsWebsocketConnection


def send_at_once(connection: object) -> None:
    """Sets TCP_NODELAY on such a connection's websocket. Without its attribute websocket_handler: messages wait."""
    handler = getattr(connection, "websocket_handler", None)
    if handler is not None:
        handler.set_nodelay(True)
