"""Arrays of several dimensions, as arguments and results of functions that Python calls, and in programs.

`NDSpan` is a view of elements that are somebody else's: an array of NumPy's, an `NDArray`, a `List`.
`NDArray` owns its elements. Both have one to four dimensions.
"""

from .ndarray import NDArray
from .ndspan import MutNDSpan, NDSpan
