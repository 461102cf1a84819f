"""Charts as plain SVG: the geometry is worked out here, templates/charts draws it.

Every chart carries the table of its figures, which stands under it for whoever can't,
or doesn't want to, read a picture. Colours are CSS classes, so both themes fit.
"""
