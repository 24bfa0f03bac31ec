"""Awards as Open Badges 3.0: issuer, keys, signing, baking, status, verification.

What is signed is made by a job with the private keys, and stored. Pages only read what
is stored; they need no private key.
"""
