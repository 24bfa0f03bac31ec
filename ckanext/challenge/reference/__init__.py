"""The reference of the API: what programs may call, from what the actions say."""
