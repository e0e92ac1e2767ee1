#include "program/compute_options.hpp"

#include <cstdio>
#include <headformer/core/thread_pool.hpp>
#include <string_view>

namespace program {

void ComputeOptions::add_to(App& app, const std::string& default_dtype) {
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

headformer::LoadOptions ComputeOptions::loading() const {
  headformer::LoadOptions options;
  options.weights = headformer::WeightType::from_name(dtype);
  options.packed_cache = packed_cache;
  options.log = [](headformer::LogLevel level, std::string_view message) {
    if (level == headformer::LogLevel::warning)
      std::fprintf(stderr, "warning: %.*s\n", static_cast<int>(message.size()), message.data());
  };
  return options;
}

headformer::Activations ComputeOptions::met() const {
  if (activations.empty()) return headformer::Activations::automatic;
  return headformer::activations_from_name(activations);
}

headformer::DType ComputeOptions::cache() const {
  for (const auto cache :
       {headformer::DType::f32, headformer::DType::f16, headformer::DType::bf16, headformer::DType::q8_0}) {
    if (cache_dtype == headformer::name_of(cache)) return cache;
  }
  throw headformer::ArgumentError("cache-dtype: expected f32, f16, bf16 or q8_0, found " +
                                  headformer::detail::quoted(cache_dtype));
}

std::shared_ptr<headformer::Executor> ComputeOptions::executor() const {
  if (threads < 0 || threads > 1024)
    throw headformer::ArgumentError("threads: expected 0 to 1024, found " + std::to_string(threads));
  return std::make_shared<headformer::ThreadPool>(threads);
}

}  // namespace program
