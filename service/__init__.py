"""What every process needs to start, log and end: settings, logs, version, ending of tasks."""
