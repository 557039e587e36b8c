"""The tags of annotations: few, the same for everybody, so that a search for one finds all."""

from facility.acting.user_messages import UserMessage, message

TAGS: dict[str, UserMessage] = {
    "sampling": message("sampling"),
    "watering": message("watering"),
    "plants": message("plants"),
    "door": message("door"),
    "sensor": message("sensor"),
    "calibration": message("calibration"),
    "machine": message("machine"),
    "power": message("power cut"),
    "mistake": message("mistake"),
    "other": message("other"),
}
# What somebody does in a cell, as an intervention calls it.
WORKS: dict[str, UserMessage] = {
    "sampling": message("sampling"),
    "watering": message("watering"),
    "cleaning": message("cleaning"),
    "maintenance": message("maintenance"),
    "calibration": message("calibration"),
    "visit": message("visit"),
    "other": message("other"),
}
