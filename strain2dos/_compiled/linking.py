# SPDX-License-Identifier: BSD-3-Clause
"""Compiled functions that bring along all they call: a process that compiles computes what others compute.

numba compiles a function together with copies of the functions it calls, optimized in their new surroundings,
and marks these copies as replaceable. A process that compiled the called functions themselves a moment before
then runs those; a process that loads the caller from the cache runs the copies. Both are right, but they may
sum in another order: the last digits differed. Here the copies are private to their object and always used.

Parts are functions that only compiled functions call. numba would optimize each, with all that it calls, and
then again in each caller; here they are translated once, and optimized once within the function that Python
calls.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from llvmlite.binding import Linkage
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering

from strain2dos._compiled.notice import sign_of_life


class _Part(JITCodeLibrary):
    """Code of a function that is never run by itself: as translated, neither optimized nor linked."""

    def finalize(self) -> None:
        self._raise_if_finalized()
        self._finalized = True

    def add_linking_library(self, library: JITCodeLibrary) -> None:
        _link(self, library, super().add_linking_library)


class _Library(JITCodeLibrary):
    def add_linking_library(self, library: JITCodeLibrary) -> None:
        _link(self, library, super().add_linking_library)

    def _finalize_final_module(self) -> None:
        if self._shared_module is None:
            self._shared_module = _for_callers(self._final_module)
            for function in self._final_module.functions:
                if not function.is_declaration and function.linkage == Linkage.linkonce_odr:
                    function.linkage = Linkage.internal
        super()._finalize_final_module()


def _link(library: JITCodeLibrary, called: JITCodeLibrary, add: Any) -> None:
    """Add what a library calls, and what that calls in turn, where it is a part."""
    for each in (called, *(called._linking_libraries if isinstance(called, _Part) else ())):
        if each not in library._linking_libraries:
            add(each)


def _for_callers(module: Any) -> Any:
    """Copy of a module that may be linked into others, several times over: as numba makes it on demand."""
    copy = module.clone()
    for function in copy.functions:
        if not function.is_declaration and function.linkage == Linkage.external:
            function.linkage = Linkage.linkonce_odr
    return copy


def _refuse(name: str, *_: Any) -> None:
    raise TypeError(f"{name} is part of other compiled functions; its Python version is {name}.py_func.")


@register_pass(mutates_CFG=True, analysis_only=False)
class _LowerPart(NativeLowering):
    """Translate a function for its callers, with nothing for Python to call."""

    _name = "lowering of a part"

    def run_pass(self, state: Any) -> bool:
        flags = state.flags
        flags.no_compile = flags.no_cpython_wrapper = flags.no_cfunc_wrapper = True
        super().run_pass(state)
        refuse = partial(_refuse, state.func_id.func_name)
        # numba finds the code by the object that Python would call
        state.targetctx.insert_user_function(refuse, state.cr.fndesc, [state.library])
        state.cr = state.cr._replace(cfunc=refuse)
        return True


class SelfContained(Compiler):
    """numba's compiler, for ``njit(pipeline_class=...)``, but for a sign of life and the library it fills."""

    kind: type[JITCodeLibrary] = _Library

    def compile_extra(self, func: Callable) -> Any:
        """Compile, with a sign of life where it takes long."""
        with sign_of_life():
            return super().compile_extra(func)

    def define_pipelines(self) -> list:
        """Return numba's own passes, after setting the library that they are to fill."""
        if self.state.library is None:
            codegen = self.state.targetctx.codegen()
            self.state.library = self.kind(codegen, self.state.func_id.func_qualname)
            self.state.library.enable_object_caching()
        return super().define_pipelines()


class Part(SelfContained):
    """The compiler for functions that only compiled functions call."""

    kind = _Part

    def define_pipelines(self) -> list:
        """Return numba's passes, the last ones replaced."""
        managers = super().define_pipelines()
        for manager in managers:
            manager.passes = [
                (_LowerPart if step is NativeLowering else step, text) for step, text in manager.passes
            ]
            manager._finalized = False
            manager.finalize()
        return managers
