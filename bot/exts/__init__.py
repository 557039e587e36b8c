"""Features, a file each: `setup(bot)` adds its commands."""
