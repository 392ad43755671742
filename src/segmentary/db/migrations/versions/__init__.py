"""One module for each revision, with its SQL beside it."""
