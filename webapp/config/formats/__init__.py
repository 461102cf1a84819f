"""How dates and times are written. Django looks for one module a language here."""
