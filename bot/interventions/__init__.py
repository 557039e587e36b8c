"""Announced work on cells, from Discord."""
