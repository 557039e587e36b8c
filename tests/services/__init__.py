"""Real servers for the tests: child processes on free ports in temporary directories."""
