"""The station's flow: unit, cell, parameter, in one message edited in place."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from schemas import times
from schemas.site import Site
from tests.bot.conftest import around
from tests.bot.discord.person import fields, labels
from tests.bot.discord.server import BOT
from tests.bot.rig import Rig
from tests.conftest import prepare_database
from tests.services.mosquitto import Mosquitto

together = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def station(tmp_path_factory: pytest.TempPathFactory, site: Site) -> AsyncIterator[Rig]:
    """One running bot for all tests here that only ask."""
    directory = tmp_path_factory.mktemp("dialogue")
    (directory / "broker").mkdir()
    broker = Mosquitto(directory / "broker")
    broker.start()
    engine = prepare_database(f"sqlite:///{directory}/octopus.sqlite", site)
    async with around(directory, broker, engine, site) as rig:
        rig.reading("E1C1", {"air_temperature": 20.0})
        # Fresh also on a busy machine: clocks may differ by more than this.
        rig.reading("E1C2", {"air_temperature": None}, times.now() + timedelta(seconds=100))
        rig.reading("E1C3", {"air_temperature": 18.02, "air_temperature_setpoint": 18.5})
        rig.reading("E2C1", {"co2": 412.4})
        rig.history("E1C3", "air_temperature", 17.6)
        rig.history("E1C3", "air_temperature_setpoint", 18.0)
        await rig.start()
        yield rig
    engine.dispose()
    broker.stop()


@together
async def test_the_station_s_dialogue_in_french(station: Rig) -> None:
    before = set(station.discord.messages)
    message = station.ada.sees(await station.ada.slash("ecolab"))
    assert message["content"] == "Quelle unité ?"
    assert message["flags"] & 64
    assert labels(message)[:2] == ["ECOLAB 1", "ECOLAB 2"]
    await station.ada.press(message, "ECOLAB 1")
    assert "ECOLAB 1" in message["content"]
    await station.ada.press(message, "Cellule 3 (E1C3)")
    assert "Température reprise" in labels(message)
    last = await station.ada.choose(message, "Température reprise")
    assert last.history[0].startswith("⏳ Chargement")
    assert message["content"] == ""
    assert message["embeds"][0]["title"] == "E1C3 · Température reprise"
    shown = fields(message)
    assert shown["Valeur"] == "**18,0 °C**"
    assert shown["Consigne"] == "18,5 °C"
    assert shown["Écart"] == "-0,5 °C"
    assert shown["État"] == "✅ normal"
    assert shown["Mesuré"].startswith("<t:")
    assert shown["Expérience"] == "aucune"
    assert [file["filename"] for file in message["attachments"]] == ["courbe.png"]
    assert "minimum 17,5 °C" in message["attachments"][0]["description"]
    assert "Page de la cellule" in labels(message)
    # One message all the way.
    assert set(station.discord.messages) - before == {int(message["id"])}


@together
async def test_the_same_in_english_for_an_english_reader(station: Rig) -> None:
    message = station.bob.sees(await station.bob.slash("ecolab"))
    assert message["content"] == "Which unit?"
    await station.bob.press(message, "ECOLAB 2")
    await station.bob.press(message, "Cell 1 (E2C1)")
    await station.bob.choose(message, "CO₂")
    assert fields(message)["Value"] == "**412 ppm**"
    # None is not 0.
    assert fields(message)["Setpoint"] == "none"


@together
async def test_a_typed_command_and_a_mention_lead_to_the_same_menu(station: Rig) -> None:
    for text in ("!ecolab", "!ECOLAB " + "x" * 2990, f"<@{BOT}> ecolab", f"<@{BOT}>"):
        message = await station.ada.say(text)
        assert message is not None
        assert message["content"] == "Quelle unité ?"
    # It is hers: he is told so, and nothing changes.
    refused = await station.bob.press(message, "ECOLAB 1")
    assert "somebody else's" in station.bob.told(refused)
    assert message["content"] == "Quelle unité ?"
    await station.ada.press(message, "ECOLAB 1")
    await station.ada.press(message, "Cellule 1 (E1C1)")
    await station.ada.choose(message, "Température reprise")
    assert fields(message)["Valeur"] == "**20,0 °C**"


async def test_buttons_work_after_a_restart(rig: Rig) -> None:
    await rig.start()
    message = rig.ada.sees(await rig.ada.slash("ecolab"))
    await rig.stop()
    await rig.start()
    await rig.ada.press(message, "ECOCUBE")
    assert "Cellule 2 (E6C2)" in labels(message)
    # The commands are the same: Discord is not given them again.
    assert rig.discord.command_puts == 1
    # The application was taken out of the server and let in again.
    await rig.stop()
    rig.discord.commands = []
    await rig.start()
    assert rig.discord.command_puts == 2


@together
async def test_what_is_no_longer_there_leads_back(station: Rig) -> None:
    message = station.ada.sees(await station.ada.slash("ecolab"))
    await station.ada.raw("o1:c:0:E9C9", message)
    assert "E9C9" in message["content"]
    assert "ECOLAB 1" in labels(message)
    await station.ada.raw("o1:p:0:E9C9", message, ["air_temperature"])
    assert "E9C9" in message["content"]
    await station.ada.raw("o1:p:0:E1C1", message, ["o3"])
    assert "o3" in message["content"]
    await station.ada.raw("o1:u:0:ecolab-9", message)
    assert "ECOLAB 1" in labels(message)


@together
async def test_a_button_that_is_delivered_twice_acts_once_and_another_server_s_not_at_all(station: Rig) -> None:
    message = station.ada.sees(await station.ada.slash("ecolab"))
    one = await station.ada.press(message, "ECOLAB 1")
    again = station.ada.payload(one, {"custom_id": "o1:u:0:ecolab-2", "component_type": 2}, {
        **message, "components": [{"type": 1, "components": [
            {"type": 2, "style": 1, "label": "x", "custom_id": "o1:u:0:ecolab-2"}
        ]}],
    })  # fmt: skip
    await station.discord.dispatch("INTERACTION_CREATE", again)
    stranger = type(station.ada)(station.discord, 99, "eve", guild=12345)
    told = stranger.told(await stranger.raw("o1:u:0:ecolab-2", message))
    assert "serveur de la station" in told
    assert "ECOLAB 1" in message["content"]
    assert "incident" not in station.bot.text()


async def test_what_nobody_thought_of_has_a_number_and_a_way_back(rig: Rig) -> None:
    rig.odd_quality("E1C1", "air_temperature")
    await rig.start()
    message = rig.ada.sees(await rig.ada.slash("ecolab"))
    await rig.ada.press(message, "ECOLAB 1")
    await rig.ada.press(message, "Cellule 1 (E1C1)")
    await rig.ada.choose(message, "Température reprise")
    number = re.search(r"Incident \*\*([0-9a-f]{6})\*\*", message["content"])
    assert number is not None
    assert "ECOLAB 1" in labels(message)
    asked = rig.ada.told(await rig.ada.slash("cellule", cellule="E1C1"))
    assert "Incident" in asked
    await rig.stop()
    assert f"incident {number[1]}" in rig.bot.text()
    rig.bot.log.unlink()  # its traces are meant to be there


@together
async def test_a_parameter_without_data_is_not_zero(station: Rig) -> None:
    never = station.ada.sees(await station.ada.slash("cellule", cellule="e1c2", parametre="hygrométrie"))
    assert fields(never)["État"] == "❔ aucune mesure reçue"
    assert fields(never)["Valeur"] == "**—**"
    null = station.ada.sees(await station.ada.slash("cellule", cellule="E1C2", parametre="air_temperature"))
    assert fields(null)["Valeur"] == "**pas de valeur**"
    assert "capteur" in fields(null)["État"]
