"""The fourth pattern: the Mojo functions themselves, called in this process.

No program, no text in between: the numbers go to compiled code and come back.

>>> from mojo_inline import fibonacci
>>> fibonacci(10)
55
"""

from pathlib import Path

import mojocell as mc

module = mc.compile((Path(__file__).parent / "compute.mojo").read_text(), name="compute", mode="inline")

fibonacci = module.fibonacci
sum_squares = module.sum_squares
is_prime = module.is_prime
