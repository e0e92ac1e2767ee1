#pragma once

/// What the optional library headformer::compiled changes.
///
/// headformer is header-only: a header X.hpp whose bodies are long to compile declares, and X-inl.hpp, which it
/// includes at its end, defines. Linking headformer::compiled defines HEADFORMER_COMPILED_LIBRARY; X.hpp then leaves
/// X-inl.hpp out, and the library holds what it defines: one source for each X-inl.hpp, written by CMake, with nothing
/// in it but these two includes. Headers without an -inl.hpp are the same either way.
///
/// In an X-inl.hpp, HEADFORMER_INLINE stands in front of every function that X.hpp declares.
#ifdef HEADFORMER_COMPILED_LIBRARY
#define HEADFORMER_INLINE
#else
#define HEADFORMER_INLINE inline
#endif
