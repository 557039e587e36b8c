"""The database as an engine: sessions, migrating, partitions, applying a site file."""
