"""People: accounts, login, sessions, tokens, passwords, registration, the directory, linked Discord accounts."""
