"""On each unit's PC: sources of readings, the outbox that keeps them, and the way to the broker."""
