"""The actions on applications, by what they are about."""
