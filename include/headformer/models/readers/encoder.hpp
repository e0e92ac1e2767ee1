#pragma once

// What the readers of the encoder families' configs share.
#include "headformer/models/readers/encoder_names.hpp"
#include "headformer/models/readers/gguf_encoder.hpp"
#include "headformer/models/readers/json_encoder.hpp"
