"""The decoder's proof: random documents through the core, held against the twin and the standard library."""
