#pragma once

// oneDNN's matmul, its weights packed once in the layout it asks for (format_tag::any). bf16 means bf16 * bf16 -> f32,
// int8 means u8 * s8 -> f32 without scales, which is less work than any block format's.

#include <omp.h>

#include <algorithm>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>

#include "product.hpp"

namespace peers {

class OneDnnProduct {
 public:
  explicit OneDnnProduct(const Problem& problem) : engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {
    omp_set_num_threads(problem.threads);
    using Type = dnnl::memory::data_type;
    using Tag = dnnl::memory::format_tag;
    const bool f32 = problem.numbers == Numbers::f32;
    const bool bf16 = problem.numbers == Numbers::bf16;
    const dnnl::memory::desc x({problem.rows, problem.inputs}, f32 ? Type::f32 : bf16 ? Type::bf16 : Type::u8, Tag::ab);
    const dnnl::memory::dims shape{problem.inputs, problem.outputs};
    const Type weight_type = f32 ? Type::f32 : bf16 ? Type::bf16 : Type::s8;
    const dnnl::memory::desc y({problem.rows, problem.outputs}, Type::f32, Tag::ab);
    const dnnl::matmul::primitive_desc description({x, {shape, weight_type, Tag::any}, y}, engine_);
    product_ = dnnl::matmul(description);
    // Integers are as good random numbers as others, and are the same in every type.
    x_ = filled(x, {problem.rows, problem.inputs}, Tag::ab, 0, 100);
    y_ = dnnl::memory(y, engine_);
    for (std::size_t copy = 0; copy < problem.copies; ++copy)
      weights_.push_back(filled(description.weights_desc(), shape, Tag::ba, -100, 100));
  }

  void run(std::size_t copy) {
    product_.execute(stream_, {{DNNL_ARG_SRC, x_}, {DNNL_ARG_WEIGHTS, weights_[copy]}, {DNNL_ARG_DST, y_}});
    stream_.wait();
  }

 private:
  dnnl::memory filled(const dnnl::memory::desc& description, const dnnl::memory::dims& shape,
                      dnnl::memory::format_tag tag, int low, int high) {
    dnnl::memory plain({shape, dnnl::memory::data_type::f32, tag}, engine_);
    dnnl::memory result(description, engine_);
    auto* const values = static_cast<float*>(plain.get_data_handle());
    std::minstd_rand random(1);
    std::uniform_int_distribution<int> uniform(low, high);
    std::generate_n(values, shape[0] * shape[1], [&] { return static_cast<float>(uniform(random)); });
    dnnl::reorder(plain, result).execute(stream_, plain, result);
    stream_.wait();
    return result;
  }

  dnnl::engine engine_;
  dnnl::stream stream_;
  dnnl::matmul product_;
  dnnl::memory x_, y_;
  std::vector<dnnl::memory> weights_;
};

inline Product onednn_product(const Problem& problem) {
  const auto product = std::make_shared<OneDnnProduct>(problem);
  return {"onednn", [product](std::size_t copy) { product->run(copy); }};
}

}  // namespace peers
