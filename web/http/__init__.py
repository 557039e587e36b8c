"""What every request meets: identity, forms, refusals, errors, static files."""
