#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/core/content_hash.hpp"
#include "headformer/kernels/packed_matrix.hpp"
#include "headformer/kernels/quantization.hpp"
#include "headformer/weights/checkpoint.hpp"
#include "headformer/weights/load_options.hpp"
#include "headformer/weights/name_table.hpp"
#include "headformer/weights/packed_cache.hpp"

namespace headformer::detail {

/// A tensor of the checkpoint, what has to be undone in it, and the canonical name it was found under.
struct TensorSource {
  const TensorEntry* entry = nullptr;
  Transform transform = Transform::none;
  std::string name = {};

  HEADFORMER_COLD [[noreturn]] void fail(const std::string& expected, const std::string& found) const {
    throw WeightError(entry->bytes.name() + ": tensor " + detail::quoted(entry->name) + " (" + name + "): expected " +
                      expected + ", found " + found);
  }
  HEADFORMER_COLD void expect_shape(const Shape& shape) const {
    if (!(entry->shape == shape)) fail("shape " + to_string(shape), to_string(entry->shape));
  }
  HEADFORMER_COLD void expect_weight_dtype() const {
    switch (entry->dtype) {
      case DType::i8:
      case DType::u8:
      case DType::i16:
      case DType::i32:
      case DType::i64:
      case DType::boolean:
        fail("a floating-point or block-quantised dtype", std::string(name_of(entry->dtype)));
      default:
        return;
    }
  }
  /// Shapes: -> [count], the tensor's first values.
  void dequantise(Index count, float* out) const {
    expect_weight_dtype();
    kernels::dequantise_row(entry->dtype, entry->bytes.data(), count, out);
  }
};

/// Finds a checkpoint's tensors by canonical name, and keeps the account of what was used: for the report, for progress
/// and cancelling, for the error about a tensor that nothing asked for.
class Binder {
 public:
  /// The checkpoint, table and options outlive it. `measuring`: nothing is to be read or allocated.
  HEADFORMER_COLD Binder(const Checkpoint& checkpoint, const NameTable& table, const LoadOptions& options,
                         Executor& executor, bool measuring)
      : checkpoint_(checkpoint), table_(table), options_(options), executor_(executor), measuring_(measuring) {
    for (const TensorEntry& entry : checkpoint.tensors()) total_bytes_ += entry.bytes.size();
    if (measuring || options.packed_cache.empty()) return;
    cache_.emplace(options.packed_cache);
    if (!cache_->damage().empty()) warn(cache_->damage() + ": packing anew");
  }

  const LoadOptions& options() const { return options_; }
  Executor& executor() const { return executor_; }
  bool measuring() const { return measuring_; }

  /// The tensor behind a canonical name; its entry is nullptr when there is none.
  HEADFORMER_COLD TensorSource try_find(const std::string& canonical) const {
    Name parts = split(canonical);
    const NameRow* const row = find_row(parts);
    if (row == nullptr)
      throw WeightError(checkpoint_.name() + ": no row for " + canonical + " in the family's name table");
    if (!checkpoint_.is_gguf()) {
      const bool norm = row->canonical.ends_with("norm");
      return {find_hugging_face(*row, parts), norm ? table_.hugging_face_norm_transform : row->hugging_face_transform,
              canonical};
    }
    const bool own = row->gguf_transform != Transform::none;
    return {find_gguf(*row, parts), own ? row->gguf_transform : table_.gguf_transform, canonical};
  }

  /// Throws WeightError when there is none.
  HEADFORMER_COLD TensorSource find(const std::string& canonical) const {
    TensorSource source = try_find(canonical);
    if (source.entry == nullptr) {
      throw WeightError(checkpoint_.tensors_name() + ": tensor " + published_name(canonical) + " (" + canonical +
                        "): expected, found none");
    }
    return source;
  }

  /// Counts a tensor as used; reports progress; the place where a load can be cancelled.
  HEADFORMER_COLD void take(const TensorEntry& entry) {
    if (!used_.insert(&entry).second) return;
    done_bytes_ += entry.bytes.size();
    if (measuring_) return;
    options_.cancellation.throw_if_cancelled();
    if (options_.progress) {
      options_.progress(
          {Progress::Stage::loading, static_cast<double>(done_bytes_), static_cast<double>(total_bytes_)});
    }
  }

  /// Counts bytes of what is bound.
  void add_packed(std::size_t bytes) { report_.packed_bytes += bytes; }
  void add_packed(DType dtype, Index outputs, Index inputs) {
    add_packed(kernels::PackedMatrix::packed_bytes(dtype, outputs, inputs));
    if (is_quantised(dtype)) report_.widest_quantised = std::max(report_.widest_quantised, inputs);
  }

  void note(std::string text) { add_note(LogLevel::info, std::move(text)); }
  void warn(std::string text) { add_note(LogLevel::warning, std::move(text)); }

  /// nullptr when none was asked for.
  PackedCache* packed_cache() { return cache_ ? &*cache_ : nullptr; }
  void add_cached(std::size_t bytes) { report_.cached_bytes += bytes; }

  /// Of a stored tensor, read once, without staying resident.
  HEADFORMER_COLD std::uint64_t content_hash(const TensorEntry& entry) {
    const auto [at, added] = contents_.emplace(&entry, 0);
    if (!added) return at->second;
    constexpr std::size_t piece = std::size_t{16} << 20;
    std::vector<std::uint64_t> pieces;
    for (std::size_t begin = 0; begin < entry.bytes.size(); begin += piece) {
      const std::size_t size = std::min(piece, entry.bytes.size() - begin);
      pieces.push_back(ContentHash::of(executor_, entry.bytes.span().subspan(begin, size)));
      entry.bytes.release_pages(begin, size);
    }
    return at->second = ContentHash::of(std::as_bytes(std::span(pieces)));
  }

  /// The model is bound: what was packed is kept for the next start. A file that cannot be written is a warning, since
  /// the model runs without it.
  HEADFORMER_COLD void keep_packed() {
    if (!cache_) return;
    try {
      cache_->write(executor_);
    } catch (const IoError& error) {
      warn(error.what());
    }
    cache_.reset();
  }

  HEADFORMER_COLD void expect_all_used() const {
    for (const TensorEntry& entry : checkpoint_.tensors()) {
      if (used_.contains(&entry)) continue;
      const auto named = [&](std::string_view part) { return entry.name.find(part) != std::string::npos; };
      if (std::none_of(table_.ignored.begin(), table_.ignored.end(), named) &&
          std::none_of(table_.other_heads.begin(), table_.other_heads.end(), named)) {
        throw WeightError(entry.bytes.name() + ": tensor " + detail::quoted(entry.name) +
                          ": expected none of this name in this architecture, found one");
      }
    }
  }

  const LoadReport& report() const { return report_; }

 private:
  HEADFORMER_COLD void add_note(LogLevel level, std::string text) {
    if (options_.log && !measuring_) options_.log(level, text);
    report_.notes.push_back(std::move(text));
  }

  struct Name {
    std::string pattern;  ///< the module, '#' in place of a layer's number
    std::vector<std::string> layers;
    std::string member;  ///< ".weight"
  };

  HEADFORMER_COLD static Name split(const std::string& canonical) {
    const auto dot = canonical.rfind('.');
    if (dot == std::string::npos) return {"", {}, canonical};  // a tensor of the whole, with a row of its own
    Name name{canonical.substr(0, dot), {}, canonical.substr(dot)};
    for (std::size_t begin = 0; begin < name.pattern.size();) {
      const auto end = std::min(name.pattern.find('.', begin), name.pattern.size());
      const std::string part = name.pattern.substr(begin, end - begin);
      const bool number = !part.empty() && part.find_first_not_of("0123456789") == std::string::npos;
      if (number) {
        name.pattern.replace(begin, part.size(), "#");
        name.layers.push_back(part);
      }
      begin += (number ? 1 : part.size()) + 1;
    }
    return name;
  }

  /// A module's row, or a tensor's own, whose names then are whole; nullptr when there is none.
  HEADFORMER_COLD const NameRow* find_row(Name& parts) const {
    for (const NameRow& row : table_.rows) {
      if (row.canonical == parts.pattern) return &row;
      if (row.canonical == parts.pattern + parts.member) {
        parts.member.clear();
        return &row;
      }
    }
    return nullptr;
  }

  HEADFORMER_COLD const TensorEntry* find_gguf(const NameRow& row, const Name& parts) const {
    for (std::string_view rest = row.gguf; !rest.empty();) {
      if (const TensorEntry* entry = checkpoint_.find(with_layers(next_name(rest), parts.layers) + parts.member))
        return entry;
    }
    return nullptr;
  }

  /// The first tensor that is there under a row's names. A norm's weight and bias were once called gamma and beta.
  HEADFORMER_COLD const TensorEntry* find_hugging_face(const NameRow& row, const Name& parts) const {
    for (std::string_view rest = row.hugging_face; !rest.empty();) {
      const std::string name = with_layers(next_name(rest), parts.layers);
      if (const TensorEntry* entry = find_with_prefix(name + parts.member)) return entry;
      if (!row.canonical.ends_with("norm")) continue;
      if (const TensorEntry* entry = find_with_prefix(name + (parts.member == ".weight" ? ".gamma" : ".beta")))
        return entry;
    }
    return nullptr;
  }

  /// Folders differ in the prefix of their names: as saved from the whole model, from its base, or as a part of a
  /// larger one.
  HEADFORMER_COLD const TensorEntry* find_with_prefix(const std::string& name) const {
    if (name.front() == '.') return checkpoint_.find(name.substr(1));
    if (!table_.base.empty()) {
      const TensorEntry* entry = checkpoint_.find(std::string(table_.base) + "." + name);
      return entry != nullptr ? entry : checkpoint_.find(name);
    }
    if (const TensorEntry* entry = checkpoint_.find(name)) return entry;
    const auto dot = name.find('.');
    const std::string_view first = std::string_view(name).substr(0, dot);
    if (first == "model" || first == "transformer") {
      const std::string base = name.substr(dot + 1);
      for (const char* prefix :
           {"", "transformer.", "language_model.model.", "model.language_model.", "language_model."}) {
        if (const TensorEntry* entry = checkpoint_.find(prefix + base)) return entry;
      }
    }
    for (const char* prefix : {"language_model.", "model."}) {
      if (const TensorEntry* entry = checkpoint_.find(prefix + name)) return entry;
    }
    return nullptr;
  }

  HEADFORMER_COLD std::string published_name(const std::string& canonical) const {
    Name parts = split(canonical);
    const NameRow* const row = find_row(parts);
    if (row == nullptr) return canonical;
    std::string_view names = checkpoint_.is_gguf() ? row->gguf : row->hugging_face;
    return with_layers(next_name(names), parts.layers) + parts.member;
  }

  const Checkpoint& checkpoint_;
  const NameTable& table_;
  const LoadOptions& options_;
  Executor& executor_;
  bool measuring_;
  std::size_t total_bytes_ = 0;
  std::size_t done_bytes_ = 0;
  std::set<const TensorEntry*> used_;
  std::map<const TensorEntry*, std::uint64_t> contents_;
  std::optional<PackedCache> cache_;
  LoadReport report_;
};

}  // namespace headformer::detail
