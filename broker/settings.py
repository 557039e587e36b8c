"""Settings of the private broker, which serves one machine only."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from service.settings import Block, Settings


class PrivateBlock(Block):
    """`[private_broker]`: a broker on loopback without accounts; `broker.port` says where it listens."""

    kind: Literal["auto", "mosquitto", "amqtt"] = Field(
        default="auto", description="mosquitto where it is installed, else amqtt (which speaks MQTT 3.1.1 alone)"
    )
    directory: Path = Field(default=Path("var/broker"), description="where Mosquitto keeps sessions and queues")


class PrivateBrokerSettings(Settings):
    private_broker: PrivateBlock = PrivateBlock()
