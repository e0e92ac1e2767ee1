#pragma once

// What the readers of BART's family and its heirs' configs share.
#include "headformer/models/readers/bart_names.hpp"
#include "headformer/models/readers/json_bart.hpp"
