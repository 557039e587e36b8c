"""Values of cells in Discord: by picking, by command, as charts and as a plan."""
