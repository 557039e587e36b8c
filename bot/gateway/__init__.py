"""The connection to Discord: client, answers to interactions, commands kept in step, library logs."""
