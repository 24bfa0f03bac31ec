"""The pages on which a spreadsheet becomes a file that conforms."""
