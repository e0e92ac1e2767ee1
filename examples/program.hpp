#pragma once

#include <headformer/core/error.hpp>
#include <string>

#include "program/app.hpp"
#include "program/compute_options.hpp"

namespace program {

/// Runs body() and puts the file or option it is about before what it has against its input.
template <class Body>
auto about(const std::string& place, Body body) {
  try {
    return body();
  } catch (const headformer::ArgumentError& error) {
    throw headformer::ArgumentError(place + ": " + error.what());
  }
}

}  // namespace program
