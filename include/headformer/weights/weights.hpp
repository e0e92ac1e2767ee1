#pragma once

#include <atomic>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/kernels/packed_matrix.hpp"
#include "headformer/kernels/quantization.hpp"
#include "headformer/weights/checkpoint.hpp"
#include "headformer/weights/load_options.hpp"
#include "headformer/weights/name_table.hpp"

namespace headformer {

/// A range of a matrix's outputs with a name of its own: adapters, hooks and errors use it.
struct MatrixPart {
  std::string name;  ///< canonical, relative to the module that owns it
  Index outputs = 0;
  Index head_width = 0;  ///< rows a head, where the publisher may have reordered heads; 0: never
};

/// Binds modules to a checkpoint's tensors by canonical name. A Weights is a place in the tree ("layers.3.attn"); `/`
/// goes down. Everything that does not fit throws WeightError with the full path, what was expected and what was found.
class Weights {
 public:
  /// The root. The checkpoint, table and options outlive the binding.
  Weights(const Checkpoint& checkpoint, const NameTable& table, const LoadOptions& options, Executor& executor)
      : binder_(std::make_shared<Binder>(checkpoint, table, options, executor)) {}

  /// As the above, but nothing is read or allocated: only packed_bytes of the report is filled.
  static Weights measure(const Checkpoint& checkpoint, const NameTable& table, const LoadOptions& options,
                         Executor& executor) {
    Weights weights(checkpoint, table, options, executor);
    weights.binder_->measuring = true;
    return weights;
  }

  HEADFORMER_COLD Weights operator/(std::string_view name) const {
    Weights child = *this;
    if (name.empty()) return child;
    child.path_ = path_.empty() ? std::string(name) : path_ + "." + std::string(name);
    return child;
  }
  HEADFORMER_COLD Weights layer(Index i) const { return *this / ("layers." + std::to_string(i)); }
  const std::string& path() const { return path_; }

  /// A norm's weight, a bias. Shapes: -> [size].
  Tensor<float> vector(std::string_view name, Index size) const { return table(name, Shape{size}); }

  /// A small f32 table such as learned positions. Shapes: -> shape.
  HEADFORMER_COLD Tensor<float> table(std::string_view name, const Shape& shape) const {
    const std::string full = full_name(name);
    const Source source = binder_->find(full);
    expect_shape(source, full, shape);
    binder_->take(*source.entry);
    Tensor<float> result(binder_->measuring ? Shape{0} : shape);
    binder_->report.packed_bytes += static_cast<std::size_t>(shape.count()) * sizeof(float);
    if (!binder_->measuring) {
      dequantise(source, full, shape.count(), result.data());
      if (source.transform == Transform::plus_one) {
        for (Index i = 0; i < shape.count(); ++i) result.data()[i] += 1.0F;
      }
      source.entry->bytes.release_pages(0, source.entry->bytes.size());
    }
    return result;
  }

  /// Concatenated biases of the parts. Shapes: -> [sum of outputs].
  HEADFORMER_COLD Tensor<float> bias(std::span<const MatrixPart> parts) const {
    Index outputs = 0;
    for (const MatrixPart& part : parts) outputs += part.outputs;
    binder_->report.packed_bytes += static_cast<std::size_t>(outputs) * sizeof(float);
    Tensor<float> result(Shape{binder_->measuring ? 0 : outputs});
    Index at = 0;
    for (const Piece& piece : pieces(parts, "bias", 0)) {
      binder_->take(*piece.source.entry);
      if (binder_->measuring) continue;
      std::vector<float> whole(static_cast<std::size_t>(piece.source.entry->shape[0]));
      dequantise(piece.source, piece.name, piece.source.entry->shape[0], whole.data());
      for (Index r = 0; r < piece.rows; ++r) {
        result.data()[at + r] = whole[static_cast<std::size_t>(piece.first + piece.stored_row(r))];
      }
      at += piece.rows;
    }
    return result;
  }

  /// The parts packed for the kernels: one matrix where the stored types agree, else one for each run of parts that do.
  /// Shapes: each part [outputs, inputs]; the results' outputs add up in order.
  HEADFORMER_COLD std::vector<kernels::PackedMatrix> matrices(std::span<const MatrixPart> parts, Index inputs) const {
    const std::vector<Piece> all = pieces(parts, "weight", inputs);
    std::vector<kernels::PackedMatrix> result;
    for (std::size_t begin = 0; begin < all.size();) {
      std::size_t end = begin + 1;
      while (end < all.size() && all[end].target == all[begin].target) ++end;
      result.push_back(pack(std::span(all).subspan(begin, end - begin), inputs));
      begin = end;
    }
    return result;
  }

  /// Whether the checkpoint holds a tensor under this canonical name. Only for config readers of formats that publish
  /// an option in no other way (GGUF's tied output).
  bool has(std::string_view name) const { return binder_->try_find(full_name(name)).entry != nullptr; }

  /// To be called when all is bound: a tensor that nothing asked for is an error.
  void expect_all_used() const { binder_->expect_all_used(); }
  const LoadReport& report() const { return binder_->report; }
  bool measuring() const { return binder_->measuring; }

 private:
  /// A tensor of the checkpoint and what has to be undone.
  struct Source {
    const TensorEntry* entry = nullptr;
    Transform transform = Transform::none;
  };

  /// A part of a matrix and the rows of a stored tensor it comes from.
  struct Piece {
    std::string name;
    Source source;
    Index first = 0;  ///< first row in the stored tensor
    Index rows = 0;
    Index head_width = 0;
    DType target = DType::f32;

    /// Where output r of this piece lies among its stored rows.
    Index stored_row(Index r) const {
      if (source.transform != Transform::interleaved_heads || head_width == 0) return r;
      const Index head = r / head_width;
      const Index within = r % head_width;
      const Index half = head_width / 2;
      return head * head_width + (within < half ? 2 * within : 2 * (within - half) + 1);
    }
  };

  struct Binder {
    HEADFORMER_COLD Binder(const Checkpoint& checkpoint_, const NameTable& table_, const LoadOptions& options_,
                           Executor& executor_)
        : checkpoint(checkpoint_), table(table_), options(options_), executor(executor_) {
      for (const TensorEntry& entry : checkpoint.tensors()) total_bytes += entry.bytes.size();
    }

    struct Name {
      std::string pattern;  ///< the module, '#' in place of the layer's number
      std::string layer;
      std::string member;  ///< ".weight"
    };

    HEADFORMER_COLD static Name split(const std::string& canonical) {
      const auto dot = canonical.rfind('.');
      Name name{canonical.substr(0, dot), "", canonical.substr(dot)};
      if (constexpr std::string_view prefix = "layers."; name.pattern.starts_with(prefix)) {
        const auto end = std::min(name.pattern.find('.', prefix.size()), name.pattern.size());
        name.layer = name.pattern.substr(prefix.size(), end - prefix.size());
        name.pattern.replace(prefix.size(), name.layer.size(), "#");
      }
      return name;
    }

    /// The tensor behind a canonical name, or an empty Source.
    HEADFORMER_COLD Source try_find(const std::string& canonical) const {
      const auto [pattern, layer, member] = split(canonical);
      for (const NameRow& row : table.rows) {
        if (row.canonical != pattern) continue;
        const bool gguf = checkpoint.is_gguf();
        const std::string name = with_layer(gguf ? row.gguf : row.hugging_face, layer) + member;
        if (!gguf) {
          const bool norm = row.canonical.ends_with("norm");
          return {find_with_prefix(name), norm ? table.hugging_face_norm_transform : row.hugging_face_transform};
        }
        const bool own = row.gguf_transform != Transform::none;
        return {checkpoint.find(name), own ? row.gguf_transform : table.gguf_transform};
      }
      throw WeightError(checkpoint.name() + ": no row for " + canonical + " in the family's name table");
    }

    HEADFORMER_COLD Source find(const std::string& canonical) const {
      const Source source = try_find(canonical);
      if (source.entry == nullptr) {
        throw WeightError(checkpoint.name() + ": tensor " + published_name(canonical) + " (" + canonical +
                          "): expected, found none");
      }
      return source;
    }

    /// Folders differ in the prefix of their names: as saved from the whole model, from its base, or as a part of a
    /// larger one.
    HEADFORMER_COLD const TensorEntry* find_with_prefix(const std::string& name) const {
      if (const TensorEntry* entry = checkpoint.find(name)) return entry;
      const auto dot = name.find('.');
      const std::string_view first = std::string_view(name).substr(0, dot);
      if (first == "model" || first == "transformer") {
        const std::string base = name.substr(dot + 1);
        for (const char* prefix : {"", "language_model.model.", "model.language_model.", "language_model."}) {
          if (const TensorEntry* entry = checkpoint.find(prefix + base)) return entry;
        }
      }
      for (const char* prefix : {"language_model.", "model."}) {
        if (const TensorEntry* entry = checkpoint.find(prefix + name)) return entry;
      }
      return nullptr;
    }

    HEADFORMER_COLD std::string published_name(const std::string& canonical) const {
      const auto [pattern, layer, member] = split(canonical);
      for (const NameRow& row : table.rows) {
        if (row.canonical == pattern) {
          return with_layer(checkpoint.is_gguf() ? row.gguf : row.hugging_face, layer) + member;
        }
      }
      return canonical;
    }

    /// Counts a tensor as used; reports progress; the place where a load can be cancelled.
    HEADFORMER_COLD void take(const TensorEntry& entry) {
      if (!used.insert(&entry).second) return;
      done_bytes += entry.bytes.size();
      if (measuring) return;
      options.cancellation.throw_if_cancelled();
      if (options.progress) {
        options.progress({Progress::Stage::loading, static_cast<double>(done_bytes), static_cast<double>(total_bytes)});
      }
    }

    void note(std::string text) {
      if (options.log && !measuring) options.log(LogLevel::info, text);
      report.notes.push_back(std::move(text));
    }

    HEADFORMER_COLD void expect_all_used() const {
      for (const TensorEntry& entry : checkpoint.tensors()) {
        if (used.contains(&entry)) continue;
        bool ignored = false;
        for (const std::string_view part : table.ignored)
          ignored = ignored || entry.name.find(part) != std::string::npos;
        if (!ignored) {
          throw WeightError(entry.bytes.name() + ": tensor " + detail::quoted(entry.name) +
                            ": expected none of this name in this architecture, found one");
        }
      }
    }

    const Checkpoint& checkpoint;
    const NameTable& table;
    const LoadOptions& options;
    Executor& executor;
    bool measuring = false;
    std::size_t total_bytes = 0;
    std::size_t done_bytes = 0;
    std::set<const TensorEntry*> used;
    LoadReport report;
  };

  std::string full_name(std::string_view member) const { return path_ + "." + std::string(member); }

  HEADFORMER_COLD [[noreturn]] static void fail(const Source& source, const std::string& name,
                                                const std::string& expected, const std::string& found) {
    throw WeightError(source.entry->bytes.name() + ": tensor " + detail::quoted(source.entry->name) + " (" + name +
                      "): expected " + expected + ", found " + found);
  }

  HEADFORMER_COLD static void expect_shape(const Source& source, const std::string& name, const Shape& shape) {
    if (!(source.entry->shape == shape))
      fail(source, name, "shape " + to_string(shape), to_string(source.entry->shape));
  }

  HEADFORMER_COLD static void expect_weight_dtype(const Source& source, const std::string& name) {
    switch (source.entry->dtype) {
      case DType::i8:
      case DType::u8:
      case DType::i16:
      case DType::i32:
      case DType::i64:
      case DType::boolean:
        fail(source, name, "a floating-point or block-quantised dtype", std::string(name_of(source.entry->dtype)));
      default:
        return;
    }
  }

  static void dequantise(const Source& source, const std::string& name, Index count, float* out) {
    expect_weight_dtype(source, name);
    kernels::dequantise_row(source.entry->dtype, source.entry->bytes.data(), count, out);
  }

  /// Finds each part's tensor and checks shapes. Parts that share a tensor take its successive row ranges; the last of
  /// them must end where the tensor does. `inputs` 0: biases.
  HEADFORMER_COLD std::vector<Piece> pieces(std::span<const MatrixPart> parts, std::string_view member,
                                            Index inputs) const {
    std::vector<Piece> result;
    for (const MatrixPart& part : parts) {
      Piece piece;
      piece.name = (*this / part.name).full_name(member);
      piece.source = binder_->find(piece.name);
      piece.rows = part.outputs;
      piece.head_width = part.head_width;
      if (!result.empty() && result.back().source.entry == piece.source.entry)
        piece.first = result.back().first + result.back().rows;
      expect_weight_dtype(piece.source, piece.name);
      result.push_back(std::move(piece));
    }
    for (std::size_t i = 0; i < result.size(); ++i) {
      const bool last = i + 1 == result.size() || result[i + 1].source.entry != result[i].source.entry;
      if (!last) continue;
      const Index rows = result[i].first + result[i].rows;
      const bool transposed = result[i].source.transform == Transform::transposed;
      expect_shape(result[i].source, result[i].name,
                   inputs == 0  ? Shape{rows}
                   : transposed ? Shape{inputs, rows}
                                : Shape{rows, inputs});
    }
    if (inputs != 0) {
      for (Piece& piece : result) piece.target = target_dtype(piece, inputs);
    }
    return result;
  }

  /// The type a piece is packed in: what the caller asked for, narrowed by what its rows allow.
  HEADFORMER_COLD DType target_dtype(const Piece& piece, Index inputs) const {
    const DType stored = piece.source.entry->dtype;
    DType target = binder_->options.weights.dtype().value_or(stored);
    if (stored == DType::f8_e4m3 || stored == DType::f8_e5m2) {
      if (!binder_->options.weights.dtype()) target = DType::bf16;  // exact: fewer exponent and mantissa bits
    } else if (stored == DType::f64 && !binder_->options.weights.dtype()) {
      target = DType::f32;
    }
    const auto divides = [&](DType dtype) { return inputs % static_cast<Index>(block_length(dtype)) == 0; };
    if (!divides(target)) {
      const DType fallback = divides(DType::q8_0) ? DType::q8_0 : DType::f32;
      binder_->note(piece.name + ": rows of " + std::to_string(inputs) + " are no multiple of " +
                    std::to_string(block_length(target)) + ": " + std::string(name_of(target)) + " replaced by " +
                    std::string(name_of(fallback)));
      target = fallback;
    }
    return target;
  }

  kernels::PackedMatrix pack(std::span<const Piece> run, Index inputs) const {
    Index outputs = 0;
    for (const Piece& piece : run) outputs += piece.rows;
    const DType target = run.front().target;
    binder_->report.packed_bytes += kernels::PackedMatrix::packed_bytes(target, outputs, inputs);
    for (const Piece& piece : run) binder_->take(*piece.source.entry);
    if (binder_->measuring) return {};

    std::vector<AlignedArray<std::byte>> transposed(run.size());
    for (std::size_t i = 0; i < run.size(); ++i) {
      if (run[i].source.transform == Transform::transposed) transposed[i] = transpose(run[i], inputs);
    }
    const auto stored_bytes = [&](const Piece& piece) {
      return row_bytes(piece.source.entry->dtype, static_cast<std::size_t>(inputs));
    };
    const auto row = [&](Index r, std::byte* buffer) -> const std::byte* {
      std::size_t i = 0;
      for (; r >= run[i].rows; ++i) r -= run[i].rows;
      const Piece& piece = run[i];
      const std::byte* stored =
          transposed[i].size() > 0
              ? transposed[i].data() + static_cast<std::size_t>(r) * stored_bytes(piece)
              : piece.source.entry->bytes.data() +
                    static_cast<std::size_t>(piece.first + piece.stored_row(r)) * stored_bytes(piece);
      // Rows come in ascending order to each worker: what lies behind need not stay resident beside its packed form.
      constexpr Index behind = 4096;
      if (transposed[i].size() == 0 && r % behind == behind - 1) {
        piece.source.entry->bytes.release_pages(
            static_cast<std::size_t>(piece.first + r + 1 - behind) * stored_bytes(piece),
            static_cast<std::size_t>(behind) * stored_bytes(piece));
      }
      if (piece.source.entry->dtype == target) return stored;
      std::vector<float> widened(static_cast<std::size_t>(inputs));
      kernels::dequantise_row(piece.source.entry->dtype, stored, inputs, widened.data());
      try {
        kernels::quantise_row(target, widened.data(), inputs, buffer);
      } catch (const ArgumentError& error) {  // a value that the type cannot hold
        throw WeightError(piece.source.entry->bytes.name() + ": tensor " + detail::quoted(piece.source.entry->name) +
                          " (" + piece.name + "): " + error.what());
      }
      return buffer;
    };
    kernels::PackedMatrix matrix = kernels::PackedMatrix::pack(binder_->executor, target, outputs, inputs, row);
    for (const Piece& piece : run) {
      const bool whole = piece.source.transform == Transform::transposed;
      const std::size_t width = stored_bytes(piece);
      piece.source.entry->bytes.release_pages(
          whole ? 0 : static_cast<std::size_t>(piece.first) * width,
          whole ? piece.source.entry->bytes.size() : static_cast<std::size_t>(piece.rows) * width);
    }
    return matrix;
  }

  /// [in, columns] -> rows [rows, in] of a piece, in the stored type (plain types only), block by block for the cache.
  AlignedArray<std::byte> transpose(const Piece& piece, Index inputs) const {
    const DType dtype = piece.source.entry->dtype;
    if (is_quantised(dtype))
      fail(piece.source, piece.name, "a plain dtype for a transposed matrix", std::string(name_of(dtype)));
    const std::size_t width = block_bytes(dtype);
    const Index columns = piece.source.entry->shape[1];
    const std::byte* stored = piece.source.entry->bytes.data();
    AlignedArray<std::byte> result(static_cast<std::size_t>(piece.rows * inputs) * width);
    constexpr Index block = 32;
    parallel_for(binder_->executor, piece.rows, block, [&](Index begin, Index end) {
      for (Index r0 = begin; r0 < end; r0 += block) {
        for (Index k0 = 0; k0 < inputs; k0 += block) {
          for (Index k = k0; k < std::min(k0 + block, inputs); ++k) {
            for (Index r = r0; r < std::min(r0 + block, end); ++r) {
              std::memcpy(result.data() + static_cast<std::size_t>(r * inputs + k) * width,
                          stored + static_cast<std::size_t>(k * columns + piece.first + r) * width, width);
            }
          }
        }
      }
    });
    return result;
  }

  std::shared_ptr<Binder> binder_;
  std::string path_;
};

}  // namespace headformer
