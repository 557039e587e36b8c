"""The bot gives the judge's verdicts: on live values, on stored ones, and where nothing is known."""

from bot.cells.verdicts import describe, show, without_limit, word
from bot.texts import Texts, read_catalogue
from schemas.messages import ParameterLimits
from schemas.picture import Latest, Picture
from schemas.site import Site
from telemetry.judging import judge_presence
from tests.telemetry.cases import CASES, CELL, NOW, UNIT, T, ago

FRENCH = Texts(read_catalogue(), "fr")


async def test_the_bot_gives_the_same_verdicts(site: Site) -> None:
    for case in CASES:
        known, verdict = case.picture, case.verdict(site)
        assert judge_presence(*known.unit(UNIT), NOW) == judge_presence(case.presence_status, None, NOW)
        for parameter in site.parameters_of(CELL):
            own = case.experiment.limits.get(parameter.code) if case.experiment else None
            shown = show(site, known, CELL, parameter, NOW, own=own)
            assert shown.verdict == verdict.values[parameter.code], f"{case.name}: {parameter.code}"
            assert describe(shown, parameter, FRENCH)
            assert word(shown, FRENCH)


async def test_what_is_stored_and_what_is_not_known(site: Site) -> None:
    parameter = site.parameter_by_code[T]
    away = Picture()
    assert show(site, away, CELL, parameter, NOW, database=False).state == "unknown"
    assert show(site, away, CELL, parameter, NOW).state == "no_data"
    stored = show(site, away, CELL, parameter, NOW, stored=Latest(NOW, 18.0))
    assert (stored.state, stored.stored) == ("ok", True)
    # What the database knows later, and its flag of the same instant, count.
    away = Picture(cells={CELL: {T: Latest(ago(20), 17.0)}})
    later = show(site, away, CELL, parameter, NOW, stored=Latest(NOW, 18.0)).verdict
    assert later is not None
    assert later.value == 18.0
    assert show(site, away, CELL, parameter, NOW, stored=Latest(ago(20), 17.0, 3)).state == "suspect"
    # A stored value ahead of the clock does not hide the live one.
    assert show(site, away, CELL, parameter, NOW, stored=Latest(ago(-7200), 18.0, 1)).state == "ok"


async def test_a_limit_is_named_unless_it_is_another_s(site: Site) -> None:
    parameter = site.parameter_by_code["o2"]
    known = Picture(cells={CELL: {"o2": Latest(NOW, 17.0)}})
    shown = show(site, known, CELL, parameter, NOW, own=ParameterLimits(low=19, severity="critical"))
    assert describe(shown, parameter, FRENCH) == "🚨 trop bas (< 19,00 %)"
    assert describe(without_limit(shown), parameter, FRENCH) == "🚨 trop bas"
