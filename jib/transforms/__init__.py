"""The verbs that users compose: one per file."""
