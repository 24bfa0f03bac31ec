"""The ckanext-scheming forms of a dataset and of an organization."""
