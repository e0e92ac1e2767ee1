#pragma once

// What the readers of the decoder families' configs share, in both manners of checkpoint.
#include "headformer/models/readers/decoder_names.hpp"
#include "headformer/models/readers/gguf_decoder.hpp"
#include "headformer/models/readers/json_decoder.hpp"
#include "headformer/models/readers/windows.hpp"
