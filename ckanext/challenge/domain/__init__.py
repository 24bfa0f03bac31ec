"""The rules of the challenge, in plain Python.

Nothing here knows CKAN, Flask or SQLAlchemy: values go in, verdicts come out.
"""
