"""The contract at the border: what everything public may be given, said in its signature and checked there.

contract   `@checked`, which reads the signature
kinds      whole numbers, numbers, choices, sizes, paths: `Whole(1)`, `Number(0, 1)`
measuring  what measures promise: the model stays as it was, and they say the same at every call
tensors    batches by shape and values: `Images("N C H W")`, `Codes("N q")`, `Labels("N")`, `Probabilities("... K")`

Numbers may come as NumPy scalars, tensors as arrays, lists and pictures of Pillow. `True` is no number. NaN stops here.
Where a function is given something else, ValueError says what came and what was expected.

Why not jaxtyping with beartype: they check and do not convert, know shapes and no values, and cost an import of 50 ms.
"""

from aeutils.checks.contract import checked
from aeutils.checks.kinds import (
    SEED,
    SIZE,
    File,
    Flag,
    Kind,
    Number,
    OneOf,
    Sizes,
    Text,
    Whole,
    check_divides,
    check_whole,
)

__all__ = [
    "SEED",
    "SIZE",
    "File",
    "Flag",
    "Kind",
    "Number",
    "OneOf",
    "Sizes",
    "Text",
    "Whole",
    "check_divides",
    "check_whole",
    "checked",
]
