#pragma once

#include <string_view>
#include <vector>

std::vector<float> logits_plain(const char* checkpoint, std::string_view isa);
std::vector<float> logits_wide(const char* checkpoint, std::string_view isa);
