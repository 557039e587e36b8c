"""The rules of alarms as pure functions: what is beyond its limits, for how long, and what becomes of it."""
