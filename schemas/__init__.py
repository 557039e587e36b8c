"""The contracts between the parts: site description, topics, messages, settings, tables, queries, read models.

Nothing here imports another part of Octopus. A unit's PC uses `site`, `topics`, `messages`, `times` and
`settings` only, and those need no database library.
"""
