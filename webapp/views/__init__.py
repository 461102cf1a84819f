"""One module a page, with its addresses. A view parses, calls, answers."""
