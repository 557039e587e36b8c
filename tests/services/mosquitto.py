"""A real Mosquitto on a free port."""

from pathlib import Path

from tests.services.process import Process, free_port, listens, program, wait_for


class Mosquitto(Process):
    """Listens on loopback without accounts unless other configuration lines are given."""

    def __init__(self, directory: Path, *lines: str) -> None:
        self.port = free_port()
        self.config = directory / "mosquitto.conf"
        own = (
            *(lines or (f"listener {self.port} 127.0.0.1", "allow_anonymous true")),
            "persistence true",
            f"persistence_location {directory}/",
            "autosave_on_changes true",
            "autosave_interval 1",
            "max_queued_messages 200000",
            *(() if "user root" in lines else ("user root",)),
        )
        self.config.write_text("".join(f"{line}\n" for line in own))
        super().__init__([program("mosquitto"), "-c", str(self.config)], directory / "mosquitto.log")

    def start(self) -> None:
        super().start()
        wait_for(lambda: listens(self.port) or self._ended(), "Mosquitto listens")

    def _ended(self) -> bool:
        assert self.running, f"Mosquitto ended:\n{self.text()}"
        return False
