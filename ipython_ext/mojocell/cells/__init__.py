"""A cell of `%%mojo`, stage by stage: what it asks for, what became of it, how that is shown."""
