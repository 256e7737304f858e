"""What a program is: avals, jaxprs, primitives, tracers, and the context they live in."""
