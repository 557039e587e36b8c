"""The station in Discord: values by picking, links and answers, alarms with their buttons."""
