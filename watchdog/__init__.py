"""Rules over live topics, heartbeats and stored rows: raises and clears alarms. One leader among several processes."""
