"""How an act is done: who acts, what is allowed, the transaction, its audit line, refusals and their texts."""
