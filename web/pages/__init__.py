"""The pages that people see. Each module holds the handlers of one page."""
