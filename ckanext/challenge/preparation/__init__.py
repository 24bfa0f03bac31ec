"""From a spreadsheet as it is to a file that conforms.

:mod:`ckanext.challenge.common.workbooks` takes a file in, :mod:`.steps` finds the
table, matches its columns, finds personal data, mends cells and writes the result.
Nothing here knows of CKAN, requests or the database: each step is a function of what
the one before it answered.
"""
