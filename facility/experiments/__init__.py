"""Experiments: drafts and changes as they come in, how they are stored, how they are shown."""

# What other features of the facility may import.
__all__ = ["changing", "drafts"]
