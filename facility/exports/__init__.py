"""Files of readings."""
