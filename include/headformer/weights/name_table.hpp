#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <span>
#include <string>
#include <string_view>

namespace headformer {

/// What a publisher's file does to a tensor that the library undoes while binding it.
enum class Transform {
  none,
  transposed,         ///< stored [in, out] (GPT-2's Conv1D)
  plus_one,           ///< stored as the difference from 1 (Gemma's norms)
  interleaved_heads,  ///< each head's rows are interleaved for adjacent-pair rotary (GGUF's llama); bound as two halves
  flattened,          ///< stored with more dimensions, [out, in, kernel]; bound as the matrix [out, in * kernel]; a
                      ///< bias [1, out] as [out], a table [1, rows, width] as [rows, width]
  halves_swapped,     ///< the first half of the rows is stored behind the second (Moonshine's gates)
  windows             ///< stored [out, in, taps] or [out, in, h, w]; bound as [out, taps * in], as the rows of a
                      ///< sequence or of a feature map lie in memory
};

/// One row of a family's table: the canonical name of a module ('#' stands for a layer's number) and where its
/// `.weight` and `.bias` lie in each kind of checkpoint. Modules that share one tensor are its successive row ranges.
/// A tensor published apart from its module ("output.bias") has a row of its own, before the module's.
/// Names that publishers have used at different times stand side by side, '|' between them, and are tried in turn.
struct NameRow {
  std::string_view canonical;
  std::string_view hugging_face;
  std::string_view gguf;
  Transform hugging_face_transform = Transform::none;
  Transform gguf_transform = Transform::none;
};

/// A family's table of checkpoint names.
struct NameTable {
  std::span<const NameRow> rows;  ///< the first of a name counts
  /// Tensors a checkpoint may hold that the model does not use: buffers of older versions, other modalities. A name
  /// matches when it contains one of these.
  std::span<const std::string_view> ignored;
  /// What GGUF's converter does to every row that names no transform of its own.
  Transform gguf_transform = Transform::none;
  /// What the publisher's Hugging Face files do to every norm (a row whose name ends in "norm").
  Transform hugging_face_norm_transform = Transform::none;
  /// "bert": what comes before a Hugging Face folder's names when it was saved from a model with a head, and is left
  /// out when it was saved from the base model. A name that begins with '.' is never below it.
  std::string_view base = "";
  /// Heads that checkpoints of other classes hold: ignored as the above.
  std::span<const std::string_view> other_heads = {};
};

/// A family's own rows and those it shares with others, which come after them.
template <std::size_t Own, std::size_t Shared>
constexpr std::array<NameRow, Own + Shared> with_rows(const NameRow (&own)[Own], const NameRow (&shared)[Shared]) {
  std::array<NameRow, Own + Shared> rows{};
  std::copy(std::begin(own), std::end(own), rows.begin());
  std::copy(std::begin(shared), std::end(shared), rows.begin() + Own);
  return rows;
}
template <std::size_t Own, std::size_t Shared>
constexpr std::array<NameRow, Own + Shared> with_rows(const NameRow (&own)[Own],
                                                      const std::array<NameRow, Shared>& shared) {
  std::array<NameRow, Own + Shared> rows{};
  std::copy(std::begin(own), std::end(own), rows.begin());
  std::copy(shared.begin(), shared.end(), rows.begin() + Own);
  return rows;
}

/// Takes the first of the names in `names`, which stand side by side, off its beginning.
inline std::string_view next_name(std::string_view& names) {
  const std::string_view name = names.substr(0, names.find('|'));
  names.remove_prefix(std::min(names.size(), name.size() + 1));
  return name;
}

/// Replaces each '#' by the next of the layers' numbers.
inline std::string with_layers(std::string_view pattern, std::span<const std::string> layers) {
  std::string name(pattern);
  for (const std::string& layer : layers) {
    if (const auto at = name.find('#'); at != std::string::npos) name.replace(at, 1, layer);
  }
  return name;
}

}  // namespace headformer
