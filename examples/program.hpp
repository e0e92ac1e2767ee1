#pragma once

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <functional>
#include <headformer/core/thread_pool.hpp>
#include <headformer/weights/load_options.hpp>
#include <memory>
#include <string>
#include <string_view>

namespace program {

/// CLI11 takes an empty text for the number 0.
inline CLI::Validator a_number() {
  return CLI::Validator([](const std::string& text) { return text.empty() ? "expected a number, found ''" : ""; }, "");
}

/// The options that every program which runs a model takes.
struct ComputeOptions {
  std::string dtype;
  std::string activations;
  std::string cache_dtype = "f32";
  std::string isa = "auto";
  std::string packed_cache;
  int threads = 0;

  /// Defaults that a program may have of its own: `stored` weights and `automatic` activations, or f32 for both.
  void add_to(CLI::App& app, const std::string& default_dtype) {
    dtype = default_dtype;
    if (dtype == "f32") activations = "f32";
    app.add_option("--dtype", dtype, "weights: stored, f32, bf16, f16, q8_0, q4_0, q5_0, q4_k, q6_k")
        ->capture_default_str();
    app.add_option("--activations", activations,
                   "what the weights meet: f32, bf16, int8 (quantised weights only; without the option: int8 for "
                   "quantised weights, f32 for others)")
        ->capture_default_str();
    app.add_option("--cache-dtype", cache_dtype, "keys and values: f32, f16, bf16, q8_0")->capture_default_str();
    app.add_option("--isa", isa, "auto, avx512, avx2, portable")->capture_default_str();
    app.add_option("--packed-cache", packed_cache,
                   "a file that keeps the packed weights: written when it lacks some, mapped by later starts");
    app.add_option("--threads", threads, "0: one for each processor")->check(a_number())->capture_default_str();
  }

  /// What the options say of loading; warnings go to stderr.
  headformer::LoadOptions loading() const {
    headformer::LoadOptions options;
    options.weights = headformer::WeightType::from_name(dtype);
    options.packed_cache = packed_cache;
    options.log = [](headformer::LogLevel level, std::string_view message) {
      if (level == headformer::LogLevel::warning)
        std::fprintf(stderr, "warning: %.*s\n", static_cast<int>(message.size()), message.data());
    };
    return options;
  }
  headformer::Activations met() const {
    if (activations.empty()) return headformer::Activations::automatic;
    return headformer::activations_from_name(activations);
  }
  headformer::DType cache() const {
    for (const auto cache :
         {headformer::DType::f32, headformer::DType::f16, headformer::DType::bf16, headformer::DType::q8_0}) {
      if (cache_dtype == headformer::name_of(cache)) return cache;
    }
    throw headformer::ArgumentError("cache-dtype: expected f32, f16, bf16 or q8_0, found " +
                                    headformer::detail::quoted(cache_dtype));
  }
  std::shared_ptr<headformer::Executor> executor() const {
    if (threads < 0 || threads > 1024)
      throw headformer::ArgumentError("threads: expected 0 to 1024, found " + std::to_string(threads));
    return std::make_shared<headformer::ThreadPool>(threads);
  }
};

/// Runs body() and puts the file or option it is about before what it has against its input.
template <class Body>
auto about(const std::string& place, Body body) {
  try {
    return body();
  } catch (const headformer::ArgumentError& error) {
    throw headformer::ArgumentError(place + ": " + error.what());
  }
}

/// Parses and runs; any failure is one line on stderr and a status of 1 to 9.
inline int run(CLI::App& app, int argc, char** argv, const std::function<void()>& body) {
  const auto fail = [](std::string message) {
    for (char& c : message) c = c == '\n' ? ' ' : c;
    std::fprintf(stderr, "error: %s\n", message.c_str());
    return 1;
  };
  try {
    app.parse(argc, argv);
    body();
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) return fail("stdout: cannot write");
    return 0;
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const std::bad_alloc&) {
    return fail("out of memory");
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}

}  // namespace program
