"""From measures to stored progress.

``changes`` notices what changed in the catalogue, ``queue`` remembers whom to look at
again, ``evaluate`` measures and judges them, ``store`` writes what came out. Pages read
what is stored and never measure.
"""
