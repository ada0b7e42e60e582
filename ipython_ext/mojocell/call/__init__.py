"""Compiled Mojo as callables of Python."""
