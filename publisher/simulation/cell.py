"""A simulated cell: its sensors' values at an instant. The same seed, cell and instant give the same values."""

import math
from collections.abc import Callable, Iterable
from random import Random

from publisher.simulation.doors import Doors
from publisher.simulation.faults import SimulatedFault, disturb
from publisher.simulation.generic import course
from publisher.simulation.noise import Noise
from publisher.simulation.scenario import Scenario
from publisher.simulation.water import Water
from schemas.site import Parameter, Site

_LAG = 240.0
_HALL_TEMPERATURE, _HALL_CO2 = 20.5, 425.0
# The model speaks in these units; a parameter in another one gets a generic course.
_UNITS = {
    "air_temperature": "°C", "air_temperature_setpoint": "°C", "rain_water_temperature": "°C",
    "relative_humidity": "%", "relative_humidity_setpoint": "%", "co2": "ppm", "co2_setpoint": "ppm",
    "o2": "%", "o3": "ppb", "par": "µmol/m²/s", "light_command": "%", "rainfall": "mm",
    "soil_temperature_1": "°C", "soil_temperature_2": "°C", "soil_temperature_3": "°C",
    "lysimeter_mass": "kg", "door": "",
}  # fmt: skip

Values = dict[str, float | None]


class SimulatedCell:
    """Call it forwards in time; each user (live, history) needs its own."""

    def __init__(self, site: Site, code: str, seed: int, faults: Iterable[SimulatedFault] = ()) -> None:
        key = f"{seed}/{code}"
        self._site, self._code, self._seed = site, code, seed
        self._faults = list(faults)
        self._physical = [fault for fault in self._faults if fault.kind in _PLANT]
        added = tuple((f.start, min(f.end, f.start + 30 * 86400)) for f in self._faults if f.kind == "door")
        # What the air follows is what was asked for a moment ago: a second one, because each is asked forwards.
        self._scenario, self._lagging = Scenario(key), Scenario(key)
        self._doors, self._water = Doors(key, added), Water(key)
        self._noise: dict[str, Callable[[float], float]] = {
            name: Noise(f"{key}/{name}", time).at for name, time in _CORRELATION.items()
        }
        draw = Random(f"{key}/plant")
        self._cycle, self._phase = draw.uniform(1080, 1320), draw.uniform(0, 6.28)
        self._par_per_percent = draw.uniform(6.5, 9.0)
        self._soil = self._scenario.temperature - draw.uniform(1, 3)
        self._oxygen = draw.uniform(20.7, 20.95)
        self._at_start: dict[SimulatedFault, Values] = {}
        known: list[tuple[str, int]] = []
        others: list[tuple[str, int, Callable[[float], float]]] = []
        for parameter in site.parameters_of(code):
            if _UNITS.get(parameter.code) == parameter.unit:
                known.append((parameter.code, parameter.decimals))
                if parameter.code == "par" and parameter.maximum is not None:
                    self._par_per_percent = min(self._par_per_percent, 0.0095 * parameter.maximum)
            else:
                others.append((parameter.code, parameter.decimals, course(key, parameter, _partner(site, parameter))))
        self._known, self._others = known, others

    def read(self, instant: float) -> Values:
        """Return what the cell's parameters are at an instant, in seconds since 1970."""
        model = self._model(instant)
        values: Values = {}
        for code, decimals in self._known:
            value = model[code]
            values[code] = None if value is None else round(value, decimals)
        for code, decimals, at in self._others:
            values[code] = round(at(instant), decimals)
        if self._faults:
            disturb(values, self._faults, instant, self._reading_at_start)
        return values

    def _reading_at_start(self, fault: SimulatedFault) -> Values:
        if fault not in self._at_start:
            others = [other for other in self._faults if other is not fault and other.kind != "frozen"]
            self._at_start[fault] = SimulatedCell(self._site, self._code, self._seed, others).read(fault.start)
        return self._at_start[fault]

    def _model(self, t: float) -> Values:
        noise = self._noise
        setpoints, earlier_setpoints = self._scenario.at(t), self._lagging.at(t - _LAG)
        draught = self._doors.at(t)
        cycle = math.sin(2 * math.pi * t / self._cycle + self._phase)
        temperature = earlier_setpoints.temperature - 0.03 + 0.115 * noise["temperature"](t) + draught.temperature
        humidity = earlier_setpoints.humidity - 0.1 + 0.9 * cycle + 0.64 * noise["humidity"](t) + draught.humidity
        co2 = setpoints.co2 + 5 * noise["co2"](t) + draught.co2
        light = setpoints.light
        par = light * self._par_per_percent * (1 + 0.01 * noise["light"](t)) if light >= 0.5 else 0.0
        rain, mass = self._water.at(t)
        swing = self._scenario.swing
        model: Values = {
            "air_temperature": temperature,
            "air_temperature_setpoint": setpoints.temperature,
            "rain_water_temperature": 12 + 1.5 * self._scenario.course(t, 7200) + 0.2 * noise["tank"](t),
            "relative_humidity": min(100.0, max(0.0, humidity)),
            "relative_humidity_setpoint": setpoints.humidity,
            "co2": max(0.0, co2),
            "co2_setpoint": setpoints.co2,
            "o2": self._oxygen + 0.02 * noise["oxygen"](t),
            "o3": max(0.0, 18 + 0.25 * light + 2 * noise["ozone"](t)),
            "par": max(0.0, par),
            "light_command": light,
            "rainfall": rain,
            "soil_temperature_1": self._soil + 0.45 * swing * self._scenario.course(t, 10800) + 0.05 * noise["soil"](t),
            "soil_temperature_2": self._soil + 0.18 * swing * self._scenario.course(t, 21600) + 0.04 * noise["soil"](t),
            "soil_temperature_3": self._soil - 1 + 0.03 * noise["soil"](t),
            "lysimeter_mass": mass + 0.04 * noise["balance"](t),
            "door": 1.0 if draught.open else 0.0,
        }
        for fault in self._physical:
            if fault.on(t):
                _PLANT[fault.kind](model, t - fault.start)
        return model


_CORRELATION = {
    "temperature": 270.0, "humidity": 600.0, "co2": 600.0, "light": 120.0, "tank": 3600.0, "oxygen": 1800.0,
    "ozone": 900.0, "soil": 7200.0, "balance": 120.0,
}  # fmt: skip


def _partner(site: Site, parameter: Parameter) -> Parameter | None:
    code = parameter.setpoint_of or parameter.command_of
    return None if code is None else site.parameter_by_code[code]


def _towards(model: Values, code: str, target: float, part: float) -> None:
    value = model[code]
    if value is not None:
        model[code] = value + part * (target - value)


def _lamp_failure(model: Values, since: float) -> None:
    del since
    model["par"] = 0.0


def _humidifier_saturation(model: Values, since: float) -> None:
    _towards(model, "relative_humidity", 98.0, 1 - math.exp(-since / 600))


def _co2_empty(model: Values, since: float) -> None:
    _towards(model, "co2", _HALL_CO2, 1 - math.exp(-since / 2400))


def _scenario_ended(model: Values, since: float) -> None:
    # Nobody asks for anything any more: no setpoint (which is not zero), no light, and the air drifts to the hall's.
    for code in ("air_temperature_setpoint", "relative_humidity_setpoint", "co2_setpoint"):
        model[code] = None
    model["light_command"] = model["par"] = 0.0
    drift = 1 - math.exp(-since / 7200)
    _towards(model, "air_temperature", _HALL_TEMPERATURE, drift)
    _towards(model, "relative_humidity", 45.0, drift)
    _towards(model, "co2", _HALL_CO2, drift)


_PLANT: dict[str, Callable[[Values, float], None]] = {
    "lamp_failure": _lamp_failure,
    "humidifier_saturation": _humidifier_saturation,
    "co2_empty": _co2_empty,
    "scenario_ended": _scenario_ended,
}
