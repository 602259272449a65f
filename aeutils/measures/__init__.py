"""How good a trained model is: `evaluate`, `report` and the measures of one kind of model each."""

import sys
import warnings
from types import ModuleType


class _Callable(ModuleType):
    """`ae.measures(model, data)` was `ae.report`'s name until version 0.2: for one release it works and says so."""

    def __call__(self, model, data) -> dict[str, float]:
        from aeutils.measures.report import report

        warnings.warn("ae.measures is now called ae.report", DeprecationWarning, stacklevel=2)
        return report(model, data)


sys.modules[__name__].__class__ = _Callable
