"""Does a published table follow the national schema that it claims?

:mod:`.registry` knows the schemas, :mod:`.check` judges one file, :mod:`.store` keeps
the verdicts.
"""
