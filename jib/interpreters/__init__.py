"""What writers of derivative rules need, under the names that the field knows."""
