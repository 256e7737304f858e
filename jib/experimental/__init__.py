"""Names that may change: devices arranged for meshes, and tools across processes."""
