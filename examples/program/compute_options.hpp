#pragma once

#include <headformer/core/executor.hpp>
#include <headformer/weights/load_options.hpp>
#include <memory>
#include <string>

#include "program/app.hpp"

namespace program {

/// The options that every program which runs a model takes.
struct ComputeOptions {
  std::string dtype;
  std::string activations;
  std::string cache_dtype = "f32";
  std::string isa = "auto";
  std::string packed_cache;
  int threads = 0;

  /// Defaults that a program may have of its own: `stored` weights and `automatic` activations, or f32 for both.
  void add_to(App& app, const std::string& default_dtype);

  /// What the options say of loading; warnings go to stderr.
  headformer::LoadOptions loading() const;
  headformer::Activations met() const;
  headformer::DType cache() const;
  std::shared_ptr<headformer::Executor> executor() const;
};

}  // namespace program
