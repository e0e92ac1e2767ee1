#pragma once

/// In front of a function that runs once a load, once a message or never: it is compiled for size and not inlined, so
/// that a program pays for it once, and not at every call.
#define HEADFORMER_COLD [[gnu::noinline, gnu::cold]]
