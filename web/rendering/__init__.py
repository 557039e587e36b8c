"""How pages are written: templates, texts, numbers and times, a cell as it is shown."""
