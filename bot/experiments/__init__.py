"""Experiments in Discord."""
