"""Commands in one line, completion, links and answers, identity: with one bot for all of them."""

from sqlalchemy import select

from facility.acting.acts import Actor
from facility.acting.permissions import Role
from facility.people.discord_links import issue_link_code
from schemas import times
from schemas.tables import Assignment, AuditEvent, Cell, DiscordLink, Experiment
from tests.bot.discord.person import fields, labels
from tests.bot.rig import Rig


async def test_commands_completion_links_and_identity(rig: Rig) -> None:
    rig.reading("E2C1", {"air_temperature": 25.0, "air_temperature_setpoint": 18.0, "door": 1})
    rig.history("E2C1", "air_temperature", 24.0)
    rig.status("ecolab-2", "online")
    ada = rig.person("ada", "technician")
    experiment(rig)
    await rig.start(OCTOPUS_BOT__SHOW__EXPERIMENTS='["EXP-1"]')
    names = {command["name"]: command["name_localizations"]["en-GB"] for command in rig.discord.commands}
    assert names["cellule"] == "cell"
    assert names["aide"] == "help"
    assert set(names) == {
        "ecolab", "cellule", "plan", "experience", "alarmes", "web_cnrs", "liens", "cnrs", "ecotron", "aide", "lier",
        "delier", "intervention", "fin_intervention",
    }  # fmt: skip
    await cell_in_one_line(rig)
    await completion(rig)
    await answers(rig)
    await experiments(rig)
    await identity(rig, ada)
    await work(rig, ada)


async def cell_in_one_line(rig: Rig) -> None:
    card = rig.ada.sees(await rig.ada.slash("cellule", cellule="e2c1", parametre="temperature REPRISE", duree="7j"))
    assert fields(card)["État"] == "🚨 trop haut (écart > 3,0 °C)"
    assert fields(card)["Écart"] == "+7,0 °C"
    assert card["attachments"][0]["filename"] == "courbe.png"
    door = rig.ada.sees(await rig.ada.slash("cellule", cellule="E2C1", parametre="porte"))
    assert fields(door)["Valeur"] == "**ouverte**"
    unknown = rig.ada.sees(await rig.ada.slash("cellule", cellule="@everyone" * 300))
    assert "n’existe plus" in unknown["content"]
    assert len(unknown["content"]) < 300
    wrong = rig.ada.sees(await rig.ada.slash("cellule", cellule="E2C1", duree="pour toujours"))
    assert "Durée inconnue" in wrong["content"]
    for _ in range(4):
        last = await rig.ada.slash("cellule", cellule="E2C1")
    assert "Doucement" in rig.ada.told(last)


async def completion(rig: Rig) -> None:
    found = await rig.ada.complete("cellule", "cellule", "e2")
    assert [choice["value"] for choice in found] == ["E2C1", "E2C2", "E2C3"]
    assert await rig.ada.complete("cellule", "cellule", "rien de tel" * 500) == []
    found = await rig.ada.complete("cellule", "parametre", "temp", cellule="E2C1")
    assert {"name": "Température reprise", "value": "air_temperature"} in [
        {"name": choice["name"], "value": choice["value"]} for choice in found
    ]
    found = await rig.bob.complete("cellule", "parametre", "temp", cellule="E2C1")
    assert "Return-air temperature" in [choice["name"] for choice in found]
    assert "Ozone" not in [c["name"] for c in await rig.ada.complete("cellule", "parametre", "", cellule="E2C1")]
    assert [c["value"] for c in await rig.ada.complete("cellule", "duree", "7")] == ["7j"]


async def answers(rig: Rig) -> None:
    for message in (rig.ada.sees(await rig.ada.slash("web_cnrs")), await rig.ada.say("!web_CNRS")):
        assert message is not None
        assert labels(message) == ["CNRS", "LinkedIn", "Instagram", "YouTube"]
        assert "http" not in message["content"]
    assert "Plan" in labels(rig.ada.sees(await rig.ada.slash("liens")))
    assert "fundamental" in rig.bob.told(await rig.bob.slash("cnrs")) or "basic" in rig.bob.told(
        await rig.bob.slash("cnrs")
    )
    assert "18 cellules" in rig.ada.told(await rig.ada.slash("ecotron"))
    assert "/cellule" in rig.ada.told(await rig.ada.slash("aide"))
    assert "/cell" in rig.bob.told(await rig.bob.slash("aide"))
    plan = rig.ada.sees(await rig.ada.slash("plan"))
    assert plan["attachments"][0]["filename"] == "plan.png"
    assert "E2C1 25,0 °C (trop haut)" in plan["attachments"][0]["description"]
    assert plan["embeds"][0]["description"] == "0 normales · 1 à voir · 17 sans mesure récente"
    assert "Aucune alarme" in rig.ada.told(await rig.ada.slash("alarmes"))


async def experiments(rig: Rig) -> None:
    found = await rig.ada.complete("experience", "experience", "prairie")
    assert [choice["value"] for choice in found] == ["EXP-1"]
    shown = rig.ada.sees(await rig.ada.slash("experience", experience="exp-1"))
    assert fields(shown)["Cellules"] == "E2C1"
    assert fields(shown)["État"] == "en cours"
    hidden = await rig.ada.slash("experience", experience="SECRET")
    assert "Aucune expérience" in rig.ada.told(hidden)


async def identity(rig: Rig, ada: int) -> None:
    assert "n’est pas valable" in rig.ada.told(await rig.ada.slash("lier", code="' OR 1=1 --" * 20))
    code = issue_link_code(rig.write, Actor(ada, "ada", "Ada", Role.TECHNICIAN, "web")).code
    assert "agit maintenant pour votre compte" in rig.ada.told(await rig.ada.slash("lier", code=code.lower()))
    # Once: the second who types it is refused.
    assert "invalid" in rig.bob.told(await rig.bob.slash("lier", code=code))
    with rig.write() as session:
        assert session.scalars(select(DiscordLink.discord_id)).all() == [str(rig.ada.id)]
    assert "n’agit plus" in rig.ada.told(await rig.ada.slash("delier"))
    assert "pas relié" in rig.ada.told(await rig.ada.slash("delier"))
    with rig.write() as session:
        acts = session.scalars(select(AuditEvent.act).order_by(AuditEvent.id)).all()
    assert acts == ["discord.code", "discord.link", "discord.unlink"]


async def work(rig: Rig, ada: int) -> None:
    assert "pas relié" in rig.ada.told(await rig.ada.slash("intervention", cellule="E2C1"))
    code = issue_link_code(rig.write, Actor(ada, "ada", "Ada", Role.TECHNICIAN, "web")).code
    await rig.ada.slash("lier", code=code)
    assert "annoncée dans E2C1" in rig.ada.told(await rig.ada.slash("intervention", cellule="e2c1", minutes=30))
    assert "y travaille déjà" in rig.ada.told(await rig.ada.slash("intervention", cellule="E2C1"))
    assert "n’existe pas" in rig.ada.told(await rig.ada.slash("intervention", cellule="@everyone" * 50))
    assert "est terminée" in rig.ada.told(await rig.ada.slash("fin_intervention", cellule="E2C1"))
    assert "Personne n’a annoncé" in rig.ada.told(await rig.ada.slash("fin_intervention", cellule="E2C1"))


def experiment(rig: Rig) -> None:
    at = times.now()
    with rig.write() as session, session.begin():
        for code, title in (("EXP-1", "Prairie et sécheresse"), ("SECRET", "Autre prairie")):
            row = Experiment(
                code=code, title=title, team="", scientific_contact="", technical_contact="", description="",
                objective="", state="running", version=1, folded="", created_at=at, updated_at=at,
            )  # fmt: skip
            session.add(row)
            session.flush()
            cell = session.scalar(select(Cell.id).where(Cell.code == {"EXP-1": "E2C1", "SECRET": "E2C2"}[code]))
            session.add(Assignment(cell_id=cell, experiment_id=row.id, started_at=at))
