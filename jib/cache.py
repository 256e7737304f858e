"""The disk cache of compiled programs: what it did (`stats`), where it is, and `clear`."""

from jib.backend.cache import CacheStats, clear, directory, stats

__all__ = ["CacheStats", "clear", "directory", "stats"]
