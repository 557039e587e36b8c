"""Which experiment is in which cell: assign, end, correct the past, occupancy, calendars."""
