"""The runtime: the only folder that imports jaxlib."""
