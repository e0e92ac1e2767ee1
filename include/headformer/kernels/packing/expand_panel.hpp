#pragma once

// Packed panels back to f32, for every target: see kernels/bodies/expand_panel.inc.
#include "headformer/kernels/packing/panel_layout.hpp"
#include "headformer/kernels/targets.hpp"

#define HEADFORMER_BODY "headformer/kernels/bodies/expand_panel.inc"
#include "headformer/kernels/for_each_target.inc"
#undef HEADFORMER_BODY
