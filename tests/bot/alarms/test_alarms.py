"""Alarms in the channel: told once, edited after, with buttons that only the right people can use."""

import asyncio
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from schemas import times, topics
from schemas.tables import Alarm as AlarmRow
from schemas.tables import AuditEvent, Notification
from tests.bot.discord.person import eventually, fields, labels
from tests.bot.discord.server import Fault
from tests.bot.rig import Rig, alarm


def told(rig: Rig) -> list[str]:
    """Return the numbers of the alarms that the channel shows, in their order."""
    footers = [embed["footer"]["text"] for post in rig.discord.posts for embed in post["embeds"] if "footer" in embed]
    return [footer.split()[1] for footer in footers]


def states(post: dict[str, Any]) -> list[str]:
    return [embed["fields"][0]["value"] for embed in post["embeds"]]


def state(rig: Rig, number: int = 0) -> str:
    return fields(rig.discord.posts[number]).get("État", "")


async def test_from_raised_to_over_in_one_message(rig: Rig) -> None:
    rig.person("ada", "technician", rig.ada.id)
    rig.person("bob", "member", rig.bob.id)
    await rig.start(OCTOPUS_BOT__MENTION_ROLE="77")
    raised = rig.raise_alarm()
    await eventually(lambda: rig.discord.posts, "the alarm is posted")
    post = rig.discord.posts[0]
    assert (post["content"], post["mention_roles"]) == ("<@&77>", ["77"])
    assert post["embeds"][0]["title"] == "🚨 Majeure · E1C3"
    assert fields(post)["Que faire"] == "Aller voir la porte."
    assert labels(post) == ["Acquitter", "Suspendre 30 min", "Alarmes"]
    # Who is not linked, or has no role for it, changes nothing.
    eve = type(rig.ada)(rig.discord, 73, "eve")
    assert "pas relié" in eve.told(await eve.press(post, "Acquitter"))
    assert "technician" in rig.bob.told(await rig.bob.press(post, "Acquitter"))
    assert state(rig) == "non acquittée"
    # The same button after a restart; of two people who press at once one is the first.
    cleo = type(rig.ada)(rig.discord, 74, "cleo")
    rig.person("cleo", "technician", cleo.id)
    await rig.stop()
    await rig.start()
    both = await asyncio.gather(rig.ada.press(post, "Acquitter"), cleo.press(post, "Acquitter"))
    words = sorted(rig.ada.told(one) for one in both)
    assert words == ["Déjà acquittée par quelqu’un.", "✅ Alarme acquittée par vous."]
    await eventually(lambda: state(rig) == "acquittée", "the message shows it")
    assert labels(post) == ["Suspendre 30 min", "Alarmes"]
    shelved = await rig.ada.press(post, "Suspendre 30 min")
    assert "suspendue jusqu’à <t:" in rig.ada.told(shelved)
    await eventually(lambda: "suspendue" in state(rig), "the message shows the shelf")
    old = [part["custom_id"] for row in post["components"] for part in row["components"] if "custom_id" in part]
    rig.end_alarm(raised)
    await eventually(lambda: "terminée" in state(rig), "the message shows the end")
    assert old == []
    over = await rig.ada.raw(f"o1:alarm:acknowledge:{raised.id}", post)
    assert "terminée" in rig.ada.told(over)
    assert "pas dans la base" in rig.ada.told(await rig.ada.raw("o1:alarm:shelve:999999", post))
    assert len(rig.discord.posts) == 1
    with rig.write() as session:
        lines = session.execute(select(AuditEvent.act, AuditEvent.actor, AuditEvent.via, AuditEvent.address)).all()
    assert [tuple(line) for line in lines] in [
        [("alarm.acknowledge", who, "bot", address), ("alarm.shelve", "ada", "bot", "discord:71")]
        for who, address in (("ada", "discord:71"), ("cleo", "discord:74"))
    ]


async def test_who_was_told_of_a_warning_is_called_when_it_becomes_grave(rig: Rig) -> None:
    await rig.start(OCTOPUS_BOT__MENTION_ROLE="77")
    rig.publish_alarm(alarm(9001))
    await eventually(lambda: rig.discord.posts, "the warning is posted")
    assert rig.discord.posts[0]["mention_roles"] == []
    for number in range(2):  # the second is the same news
        rig.publish_alarm(alarm(9001, severity="major", text=f"Loin de la consigne {number}"))
        await eventually(lambda n=number: f"consigne {n}" in rig.discord.posts[0]["embeds"][0]["description"], "shown")
    first, call = rig.discord.posts
    assert first["embeds"][0]["title"] == "🚨 Majeure · E1C3"
    assert call["mention_roles"] == ["77"]
    assert str(call["message_reference"]["message_id"]) == first["id"]
    assert "**E1C3** · Loin de la consigne 0" in call["content"]
    # Kept quiet, and back: somebody is wanted again, whom Discord would not call by an edit.
    rig.discord.forget_nonces()
    until = times.to_text(times.now() + timedelta(minutes=30))
    rig.publish_alarm(alarm(9001, severity="major", state="shelved", shelved_until=until))
    await eventually(lambda: "suspendue" in state(rig), "the shelf is shown")
    rig.publish_alarm(alarm(9001, severity="major"))
    await eventually(lambda: len(rig.discord.posts) == 3 and state(rig) == "non acquittée", "it calls again")


async def test_alarms_known_by_their_message_alone(rig: Rig) -> None:
    await rig.start()
    one, two = alarm(9001), alarm(9002, "E2C1")
    for _ in range(3):  # a repeat is no news
        rig.publish_alarm(one)
    await eventually(lambda: rig.discord.posts, "the first is posted")
    rig.publish_alarm(two)
    await eventually(lambda: len(rig.discord.posts) == 2, "the second is posted")
    rig.publish_alarm(alarm(9001, state="acknowledged"))
    await eventually(lambda: state(rig) == "acquittée", "the change is shown")
    await rig.stop()
    # One ends and one comes while the bot is away.
    rig.send(topics.alarm(one.place, one.code), b"")
    rig.publish_alarm(alarm(9003, "E3C1"))
    await rig.start()
    await eventually(lambda: "terminée" in state(rig) and len(rig.discord.posts) == 3, "the bot catches up")
    assert told(rig) == ["9001", "9002", "9003"]
    assert state(rig, 1) == "non acquittée"


async def test_a_storm_of_a_hundred_is_grouped_and_complete(rig: Rig) -> None:
    rig.person("ada", "technician", rig.ada.id)
    await rig.start()
    places = [(cell, f"rule-{n}") for cell in rig.site.unit_of_cell for n in range(6)][:100]
    raised = [rig.raise_alarm(cell, code) for cell, code in places]
    await eventually(lambda: len(told(rig)) == 100, "all alarms are told", 40)
    assert sorted(told(rig), key=int) == sorted((str(one.id) for one in raised), key=int)
    assert len(rig.discord.posts) < 40
    group = max(rig.discord.posts, key=lambda post: len(post["embeds"]))
    assert f"{len(group['embeds'])} alarmes à la fois" in group["content"]
    # One of a group is acknowledged by the group's menu; the others stay.
    before = labels(group)
    await rig.ada.choose(group, before[0])
    await eventually(lambda: states(group).count("acquittée") == 1, "one is shown")
    listed = rig.ada.sees(await rig.ada.slash("alarmes"))
    assert "… et 85 autres." in listed["embeds"][0]["description"]


async def test_an_answer_that_is_lost_and_a_crash_make_no_second_message(rig: Rig) -> None:
    await rig.start()
    rig.discord.faults.append(Fault("POST", r"^/channels/\d+/messages$", after_work=True))
    rig.publish_alarm(alarm(1))
    await eventually(lambda: rig.discord.posts, "Discord has it")
    await eventually(lambda: not waiting(rig), "the bot knows")
    assert told(rig) == ["1"]
    # Again, with the bot dead before it can learn, for longer than Discord remembers a nonce.
    rig.discord.faults.append(Fault("POST", r"^/channels/\d+/messages$", after_work=True))
    rig.discord.faults.append(Fault("GET", r"^/channels/\d+/messages$", status=503, times=99))
    rig.publish_alarm(alarm(2, "E4C1"))
    await eventually(lambda: len(rig.discord.posts) == 2, "Discord has it")
    rig.bot.kill()
    rig.discord.forget_nonces()
    rig.discord.faults.clear()
    await rig.start()
    await eventually(lambda: not waiting(rig), "the bot knows")
    assert told(rig) == ["1", "2"]


async def test_what_may_not_leave_the_site_does_not(rig: Rig) -> None:
    rig.reading("E1C1", {"air_temperature": 20.0, "co2": 400.0})
    await rig.start(OCTOPUS_BOT__SHOW__CELLS='["E1C1"]', OCTOPUS_BOT__SHOW__PARAMETERS='["air_temperature"]')
    rig.publish_alarm(alarm(1, "E1C3"))
    rig.publish_alarm(alarm(2, "E1C1"))
    await eventually(lambda: rig.discord.posts and not waiting(rig), "the allowed one is posted")
    assert told(rig) == ["2"]
    message = rig.ada.sees(await rig.ada.slash("ecolab"))
    assert labels(message) == ["ECOLAB 1"]
    await rig.ada.press(message, "ECOLAB 1")
    assert labels(message) == ["Cellule 1 (E1C1)", "Retour"]
    await rig.ada.press(message, "Cellule 1 (E1C1)")
    assert labels(message) == ["Température reprise", "Retour"]
    hidden = rig.ada.sees(await rig.ada.slash("cellule", cellule="E1C1", parametre="co2"))
    assert "co2" in hidden["content"]
    assert not hidden["embeds"]
    assert await rig.ada.complete("cellule", "cellule", "E1C3") == []
    closed = rig.ada.sees(await rig.ada.slash("experience", experience="x"))
    assert "ne sont pas communiquées" in closed["content"]
    # Another server may ask, and is told nothing.
    stranger = type(rig.ada)(rig.discord, 99, "eve", guild=12345)
    assert await stranger.complete("cellule", "duree", "7") == []
    refused = await stranger.slash("plan")
    assert "serveur de la station" in stranger.told(refused)


def waiting(rig: Rig) -> int:
    with rig.write() as session:
        return len(session.scalars(select(Notification.id).where(Notification.waiting.is_(True))).all())


def test_the_rows_hold_where_the_message_is(rig: Rig) -> None:
    """The database has one open alarm a place and code."""
    rig.raise_alarm()
    with rig.write() as session:
        row = session.scalars(select(AlarmRow)).one()
        assert row.open == 1
        row.ended_at = times.now()
        session.flush()
        session.refresh(row)
        assert row.open is None
        session.rollback()
