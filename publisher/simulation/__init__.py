"""A climate cell in a few formulas: scenario, plant, sensors, doors, faults; its statistics follow published logs."""
