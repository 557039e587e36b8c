"""Which experiment is in which cell: assign, end, correct the past, occupancy, calendars."""

# What other features of the facility may import.
__all__ = ["intervals", "views"]
