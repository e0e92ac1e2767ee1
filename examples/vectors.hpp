#pragma once

#include <algorithm>
#include <charconv>
#include <headformer/formats/safetensors_writer.hpp>
#include <iostream>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "pipeline.hpp"

namespace program {

/// Numbers that read back as the same floats, in as few digits as that takes.
inline std::string array_of(std::span<const float> values) {
  std::string array = "[";
  char digits[32];
  for (const float value : values) {
    if (array.size() > 1) array += ',';
    array.append(digits, std::to_chars(std::begin(digits), std::end(digits), value).ptr);
  }
  return array + "]";
}

/// Puts vectors out in one of three formats: a JSON line each at once, or all at the end as NumPy's .npy or
/// safetensors.
class VectorWriter {
 public:
  explicit VectorWriter(std::string format = "jsonl") : format_(std::move(format)) {}

  void add_to(program::App& app) {
    option_ = app.add_option("--format", format_, "jsonl, npy, safetensors")
                  ->check(program::is_member({"jsonl", "npy", "safetensors"}))
                  ->capture_default_str();
  }
  Option* option() const { return option_; }

  /// The next one. An item without a vector is a line with its error, or a row of NaN.
  void put(std::size_t index, const std::vector<float>* values, const std::string& error) {
    if (format_ != "jsonl") {
      kept_.push_back(values != nullptr ? *values : std::vector<float>());
    } else {
      std::cout << (values != nullptr ? array_of(*values) + '\n' : failure_line(index, error));
    }
  }

  void finish(headformer::Index width) const {
    if (format_ == "jsonl") return;
    const headformer::Tensor<float> rows = all_rows(width);
    if (format_ == "npy") return write_npy(rows);
    const headformer::NamedTensor tensor{"embeddings", headformer::DType::f32, rows.shape(), rows.data()};
    headformer::write_safetensors(std::cout, std::span(&tensor, 1));
  }

 private:
  /// Version 1.0 (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
  static void write_npy(const headformer::Tensor<float>& vectors) {
    std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(vectors.size(0)) +
                         ", " + std::to_string(vectors.size(1)) + "), }";
    constexpr std::size_t before = 10;  // what precedes the header
    header.resize((before + header.size() + 64) / 64 * 64 - before - 1, ' ');
    header += '\n';
    std::cout << "\x93NUMPY" << '\x01' << '\0' << static_cast<char>(header.size() & 0xFF)
              << static_cast<char>(header.size() >> 8) << header;
    std::cout.write(reinterpret_cast<const char*>(vectors.data()),
                    static_cast<std::streamsize>(vectors.count()) * static_cast<std::streamsize>(sizeof(float)));
  }

  headformer::Tensor<float> all_rows(headformer::Index width) const {
    headformer::Tensor<float> rows(headformer::Shape{static_cast<headformer::Index>(kept_.size()), width});
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      float* const row = rows.view().row(static_cast<headformer::Index>(i));
      std::fill_n(row, width, std::numeric_limits<float>::quiet_NaN());
      std::copy(kept_[i].begin(), kept_[i].end(), row);
    }
    return rows;
  }

  std::string format_;
  Option* option_ = nullptr;
  std::vector<std::vector<float>> kept_;
};

}  // namespace program
