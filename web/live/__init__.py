"""The short way: broker to page. Nothing here feeds the database."""
