# SPDX-License-Identifier: BSD-3-Clause
"""Compiled functions that bring along all they call: a process that compiles computes what others compute.

numba compiles a function together with copies of the functions it calls, optimized in their new surroundings,
and marks these copies as replaceable. A process that compiled the called functions themselves a moment before
then runs those; a process that loads the caller from the cache runs the copies. Both are right, but they may
sum in another order: the last digits differed. Here the copies are private to their object and always used.
"""

from typing import Any

from llvmlite.binding import Linkage
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler


class _Library(JITCodeLibrary):
    def _finalize_final_module(self) -> None:
        if self._shared_module is None:
            self._shared_module = _for_callers(self._final_module)
            for function in self._final_module.functions:
                if not function.is_declaration and function.linkage == Linkage.linkonce_odr:
                    function.linkage = Linkage.internal
        super()._finalize_final_module()


def _for_callers(module: Any) -> Any:
    """Copy of a module that may be linked into others, several times over: as numba makes it on demand."""
    copy = module.clone()
    for function in copy.functions:
        if not function.is_declaration and function.linkage == Linkage.external:
            function.linkage = Linkage.linkonce_odr
    return copy


class SelfContained(Compiler):
    """numba's compiler, but for the kind of library it fills; for ``njit(pipeline_class=...)``."""

    def define_pipelines(self) -> list:
        """Return numba's own passes, after setting the library that they are to fill."""
        if self.state.library is None:
            codegen = self.state.targetctx.codegen()
            self.state.library = _Library(codegen, self.state.func_id.func_qualname)
            self.state.library.enable_object_caching()
        return super().define_pipelines()
