"""The kernel "Mojo (Mojocell)": that of Python, in which a cell needs no magic to be Mojo."""
