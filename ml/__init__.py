"""Pixels and numbers: finding faces, judging, learning, comparing. Knows no Django.

From a shell it is `python -m ml`; as a library, `ml.commands.detect.detect` shows how
`Predictor.load`, `load_detector` and `predict_faces` go together.
"""

__version__ = "0.1.0"
