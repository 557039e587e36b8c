"""How open the routes of a feature are, and the one tuple that the application takes them from."""

from dataclasses import dataclass

from litestar.types import ControllerRouterHandler

Handlers = tuple[ControllerRouterHandler, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """A feature's handlers by who may call them; what needs a role names its act in the handler itself.

    `people` needs a login; `lab` is readable without one inside the lab unless `web.public` is off; `anyone` is
    open; `unseen` is open and nothing about the caller is looked up.
    """

    people: Handlers = ()
    lab: Handlers = ()
    anyone: Handlers = ()
    unseen: Handlers = ()
