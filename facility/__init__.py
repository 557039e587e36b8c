"""What the station's people do: each act one function, one transaction, its permission and its audit line."""
