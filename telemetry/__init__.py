"""Pure rules and reads of values: statements, read models, history."""
