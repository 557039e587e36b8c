"""Why a channel does not take a message, in words for people. What a server answered is not kept: it may hold secrets.

Whatever the reason, the message is tried again: a password may be put right, a server may have been wrong.
"""

from typing import Literal, get_args

from facility.acting.user_messages import UserMessage, message

Fault = Literal["unreachable", "busy", "refused", "unknown", "malformed", "secret", "mail_server", "server", "late"]

FAULTS: dict[str, UserMessage] = {
    "unreachable": message("The server cannot be reached: check the address and the network."),
    "busy": message("The server takes no more messages for the moment; it is tried again."),
    "refused": message("The server refuses the user name, the password or the token: check the secret."),
    "unknown": message("The server does not know this address: check recipient, room, topic or path."),
    "malformed": message("The server does not accept the message: check the kind and the address of the channel."),
    "secret": message("The file with the secret cannot be read: check its name and the folder watchdog.secrets."),
    "mail_server": message("No mail server is set: an administrator must set watchdog.mail in the settings."),
    "server": message("The server reports a fault of its own; it is tried again."),
    "late": message("The server did not answer in time; it is tried again."),
}


def words(fault: str) -> UserMessage:
    """Return what a fault means and what to do about it."""
    return FAULTS[fault if fault in get_args(Fault) else "server"]
