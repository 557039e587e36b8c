"""The contracts between the parts, nothing that runs: site description, topics, messages, times, tables, migrations."""
