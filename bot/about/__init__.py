"""Links and answers about the station."""
