"""Discord, broker or database away: the bot stays, says what it does not know, and comes back by itself."""

import asyncio

import pytest

from schemas.tables import ChannelState
from tests.bot.alarms.test_alarms import told, waiting
from tests.bot.discord.person import eventually, fields
from tests.bot.discord.server import CHANNEL, Fault
from tests.bot.rig import Rig, alarm
from tests.services.mariadb import MariaDB

MALFORMED = {"message": "Invalid Form Body", "code": 50035}


async def test_gateway_away_at_the_start_cut_and_session_lost(rig: Rig) -> None:
    rig.discord.gateway_open = False
    rig.bot = rig.process()
    rig.bot.start()
    rig.publish_alarm(alarm(1))
    # REST is enough for alarms.
    await eventually(lambda: rig.discord.posts, "the alarm goes out without a gateway", 40)
    assert not rig.discord.sockets
    rig.discord.gateway_open = True
    await rig.ready()
    await rig.discord.cut()
    await eventually(lambda: rig.discord.resumes == 1, "the session is resumed")
    assert (await rig.ada.say("!aide"))["content"].startswith("**Octopus sur Discord**")
    before = rig.discord.identifies
    await rig.discord.lose_sessions()
    await eventually(lambda: rig.discord.identifies > before and rig.discord.sockets, "a new session", 30)
    await rig.ada.slash("aide")
    # An interaction that is delivered twice is answered once, without a word in the log.
    one = await rig.ada.slash("liens")
    await rig.discord.dispatch("INTERACTION_CREATE", rig.ada.payload(one, {
        "id": next(c["id"] for c in rig.discord.commands if c["name"] == "liens"), "name": "liens", "type": 1,
    }))  # fmt: skip
    await rig.ada.slash("aide")
    assert "incident" not in rig.bot.text()


async def test_rest_fails_limits_and_goes_away(rig: Rig) -> None:
    await rig.start()
    limited = {"Via": "1.1 google", "Retry-After": "0.3", "X-RateLimit-Scope": "user"}
    body = {"message": "You are being rate limited.", "retry_after": 0.3, "global": False}
    rig.discord.faults = [
        Fault("POST", r"^/channels/\d+/messages$", status=429, body=body, headers=limited),
        Fault("POST", r"^/channels/\d+/messages$", status=503),
    ]
    rig.publish_alarm(alarm(1))
    await eventually(lambda: told(rig) == ["1"], "the alarm goes out in the end")
    await rig.discord.stop()
    rig.publish_alarm(alarm(2, "E2C2"))
    await eventually(lambda: "alarms wait in the outbox" in rig.bot.text(), "the bot says so")
    assert rig.bot.running
    await rig.discord.start()
    await eventually(lambda: told(rig) == ["1", "2"] and not waiting(rig), "nothing is lost or doubled", 40)
    assert rig.bot.text().count("alarms wait in the outbox") <= 3
    # Who waits in front of the screen is not kept waiting for a minute: the limit is said in the log.
    rig.discord.faults = [
        Fault("POST", r"^/channels/\d+/messages$", status=429, body={**body, "retry_after": 60}, headers=limited)
    ]
    await rig.ada.say("!ecolab", wait=False)
    await eventually(lambda: "an answer did not arrive: RateLimited" in rig.bot.text(), "it gives up")
    # What Discord finds malformed does not hold up what comes after it; a later change is tried again.
    rig.discord.faults = [Fault("POST", r"^/channels/\d+/messages$", status=400, times=2, body=MALFORMED)]
    rig.publish_alarm(alarm(5, "E5C1"))
    await eventually(lambda: "does not take the message for alarm 5" in rig.bot.text(), "it is said")
    rig.publish_alarm(alarm(6, "E5C2"))
    await eventually(lambda: told(rig) == ["1", "2", "6"], "the next one goes out")
    rig.discord.faults = [Fault("PATCH", r"^/channels/\d+/messages/", status=400, times=2, body=MALFORMED)]
    rig.publish_alarm(alarm(1, state="acknowledged"))
    await eventually(lambda: "does not take the message for alarm 1" in rig.bot.text() and not waiting(rig), "an edit")
    # Somebody deleted a message: an alarm that is not over is told anew.
    del rig.discord.messages[int(rig.discord.posts[-1]["id"])]
    rig.publish_alarm(alarm(6, "E5C2", state="acknowledged"))
    await eventually(lambda: told(rig) == ["1", "2", "6"] and not waiting(rig), "it is posted again")
    rig.discord.faults = [Fault("POST", r"^/channels/\d+/messages$", status=403, body={"message": "x", "code": 50013})]
    rig.publish_alarm(alarm(3, "E3C3"))
    await eventually(lambda: "Discord refuses the channel" in rig.bot.text(), "a permission taken away is said")
    await eventually(lambda: told(rig) == ["1", "2", "6", "3"] and not waiting(rig), "and it is given back")


@pytest.mark.parametrize(
    ("status", "code"), [(400, 50083), (400, 160005), (403, 50013), (404, 10003), (400, 0), (409, 0), (403, 0)]
)
async def test_a_refusal_that_passes_is_not_final(rig: Rig, status: int, code: int) -> None:
    await rig.start()
    refusal = {"message": "Thread is archived", "code": code}
    rig.discord.faults = [Fault("POST", r"^/channels/\d+/messages$", status=status, times=2, body=refusal)]
    rig.publish_alarm(alarm(1))
    await eventually(lambda: told(rig) == ["1"] and not waiting(rig), "it is told in the end")
    rig.discord.faults = [Fault("PATCH", r"^/channels/\d+/messages/", status=status, times=2, body=refusal)]
    rig.publish_alarm(alarm(1, state="acknowledged"))
    # What is behind it is not held up.
    rig.publish_alarm(alarm(2, "E2C2"))
    await eventually(lambda: told(rig) == ["1", "2"], "the next one is told")
    await eventually(lambda: fields(rig.discord.posts[0])["État"] == "acquittée" and not waiting(rig), "it is shown")


async def test_a_channel_that_a_person_must_mend_has_another_told(rig: Rig) -> None:
    await rig.start(OCTOPUS_BOT__FALLBACK_CHANNEL="4711")
    closed = {"message": "Missing Permissions", "code": 50013}
    rig.discord.faults = [Fault("POST", rf"^/channels/{CHANNEL}/messages$", status=403, times=99, body=closed)]
    rig.publish_alarm(alarm(1))
    await eventually(lambda: told(rig) == ["1"] and not waiting(rig), "it is told in the other channel")
    assert str(rig.discord.posts[0]["channel_id"]) == "4711"
    with rig.write() as session:
        row = session.get_one(ChannelState, "discord")
        assert row.failing_since is not None
        assert row.fault == "refused"
    rig.publish_alarm(alarm(1, state="acknowledged"))
    await eventually(lambda: fields(rig.discord.posts[0])["État"] == "acquittée", "it is changed where it stands")


async def test_what_discord_finds_malformed_is_told_in_plain_words(rig: Rig) -> None:
    await rig.start()
    rig.discord.faults = [Fault("POST", r"^/channels/\d+/messages$", status=400, body=MALFORMED)]
    rig.publish_alarm(alarm(1))
    await eventually(lambda: rig.discord.posts and not waiting(rig), "it is told")
    assert "**E1C3** · Plus de mesure en E1C3" in rig.discord.posts[0]["content"]


async def test_database_away(rig_on_mariadb: Rig, own_mariadb: MariaDB) -> None:
    rig, posts = rig_on_mariadb, lambda: rig_on_mariadb.discord.posts
    rig.reading("E1C1", {"air_temperature": 20.0})
    rig.person("ada", "technician", rig.ada.id)
    await rig.start()
    first = rig.raise_alarm("E1C1")
    await eventually(posts, "the alarm is posted")
    own_mariadb.kill()
    shown = rig.ada.sees(await rig.ada.slash("cellule", cellule="E1C1"))
    assert fields(shown)["Valeur"] == "**20,0 °C**"
    assert "Courbe indisponible" in shown["embeds"][0]["footer"]["text"]
    pressed = await rig.ada.press(posts()[0], "Acquitter")
    assert "La base de données ne répond pas" in rig.ada.told(pressed)
    rig.publish_alarm(alarm(77, "E5C1"))
    await eventually(lambda: "alarms wait until it answers" in rig.bot.text(), "it is said")
    await asyncio.to_thread(own_mariadb.start)
    await eventually(lambda: len(posts()) == 2, "what was raised meanwhile is told", 40)
    assert told(rig) == [str(first.id), "77"]
    # The broker goes: values grow old, the bot stays.
    rig.broker.kill()
    await eventually(lambda: "trying again" in rig.bot.text(), "the lost broker is said")
    unknown = rig.ada.sees(await rig.ada.slash("cellule", cellule="E1C2"))
    assert "inconnue" in fields(unknown)["Expérience"]
    assert rig.bot.running
    assert await asyncio.to_thread(rig.bot.stop) == 0


async def test_a_database_that_hangs_holds_up_nothing_else(rig_on_mariadb: Rig, own_mariadb: MariaDB) -> None:
    rig = rig_on_mariadb
    rig.reading("E1C1", {"air_temperature": 20.0})
    await rig.start()
    people = [type(rig.ada)(rig.discord, 100 + n, f"p{n}") for n in range(12)]
    own_mariadb.freeze()
    try:
        asked = [await one.slash("cellule", done=False, cellule="E1C1") for one in people]
        # Meanwhile what needs no database comes at once.
        plan = rig.ada.sees(await asyncio.wait_for(rig.ada.slash("plan"), 4))
        assert "E1C1 20,0 °C" in plan["attachments"][0]["description"]
        for one in asked:
            card = rig.ada.sees(await rig.ada.finished(one))
            assert fields(card)["Valeur"] == "**20,0 °C**"
            assert "Courbe indisponible" in card["embeds"][0]["footer"]["text"]
        assert await asyncio.to_thread(rig.bot.stop, 8) == 0
    finally:
        own_mariadb.thaw()
    await rig.start()
    card = rig.ada.sees(await rig.ada.slash("cellule", cellule="E1C1"))
    assert card["attachments"]


async def test_what_only_a_person_can_heal_ends_it_in_one_line(rig: Rig) -> None:
    async def ends(**settings: str) -> list[str]:
        bot = rig.process(**settings)
        bot.start()
        await eventually(lambda: not bot.running, "the bot ends", 30)
        lines = bot.text().splitlines()
        assert await asyncio.to_thread(bot.stop) == 78
        bot.log.unlink()
        return lines

    assert (await ends(OCTOPUS_BOT__TOKEN_FILE=""))[-1].startswith("the bot is off: it has no token")
    rig.discord.intents_refused = True
    assert "message content intent" in (await ends())[-1]
    rig.discord.intents_refused = False
    rig.discord.token = "another.token"
    assert (await ends())[-1].startswith("Discord refuses the token")
    rig.token_file.chmod(0o644)
    assert "everybody on this machine can read" in (await ends())[-1]
    rig.token_file.chmod(0o600)
    assert (await ends(OCTOPUS_BOT__SHOW__CELLS='["E9C9"]'))[-1].endswith("the site has no E9C9")
