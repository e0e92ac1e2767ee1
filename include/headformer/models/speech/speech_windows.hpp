#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headformer/generate/alignment.hpp"
#include "headformer/models/speech/speech_to_text.hpp"
#include "headformer/nn/cross_attention.hpp"

namespace headformer {

/// Which heads say where tokens are, and how far a window of them is heard.
struct SpeechAlignment {
  std::vector<std::pair<Index, Index>> heads;  ///< layer and head
  Index filter = 7;
  Index frames = std::numeric_limits<Index>::max();  ///< of the whole recording that are no padding
  double time_seconds = 0.02;                        ///< of a row of the encoder
};

/// One decoder sequence over a window; what the heads look at is noted on the way.
class SpeechDecoder {
 public:
  struct Notes {
    std::map<std::string, std::vector<Index>, std::less<>> wanted;  ///< heads by the name of their layer's queries
    std::map<std::pair<std::string, Index>, std::vector<float>> queries;  ///< [rows, Dh] of each
    Index head_width = 0;
  };

  SpeechDecoder(const SpeechToText& model, Workspace& workspace, SequenceState state, Notes* notes)
      : model_(&model), workspace_(&workspace), state_(std::move(state)), notes_(notes) {}

  /// Shapes: [T] -> [V]; valid until the next call.
  std::span<float> append(std::span<const TokenId> ids) {
    if (logits_.data() == nullptr) logits_ = Tensor<float>(Shape{1, model_->decoder().config().vocabulary});
    SequenceInput input;
    input.state = &state_;
    input.ids = ids;
    const Observer observer = [this](std::string_view name, TensorView<float> value) { note(name, value); };
    model_->decoder().forward(*workspace_, std::span(&input, 1), logits_, notes_ ? &observer : nullptr);
    return {logits_.data(), static_cast<std::size_t>(logits_.count())};
  }

 private:
  void note(std::string_view name, TensorView<const float> queries) {
    const auto found = notes_->wanted.find(name);
    if (found == notes_->wanted.end()) return;
    for (const Index head : found->second) {
      std::vector<float>& rows = notes_->queries[{found->first, head}];
      for (Index r = 0; r < queries.rows(); ++r) {
        const float* const at = queries.row(r) + head * notes_->head_width;
        rows.insert(rows.end(), at, at + notes_->head_width);
      }
    }
  }

  const SpeechToText* model_;
  Workspace* workspace_;
  SequenceState state_;
  Notes* notes_;
  Tensor<float> logits_;  // [1, V]
};

/// A recording's features, a window of which a speech-to-text model hears at a time: what LongForm goes over.
class SpeechWindows {
 public:
  /// The features of frames [first, first + count). Shapes: [C, count].
  using Features = std::function<Tensor<float>(Index first, Index count)>;

  /// Model and workspace outlive it. Throws ArgumentError for a head that the decoder does not have.
  SpeechWindows(const SpeechToText& model, Workspace& workspace, Features features, DType cache = DType::f32,
                std::optional<SpeechAlignment> alignment = {})
      : model_(&model),
        workspace_(&workspace),
        features_(std::move(features)),
        cache_(cache),
        alignment_(std::move(alignment)) {
    if (!alignment_) return;
    const std::vector<LayerConfig>& layers = model.decoder().config().layers;
    if (alignment_->heads.empty()) throw ArgumentError("alignment_heads: expected at least one, found none");
    for (const auto& [layer, head] : alignment_->heads) {
      if (layer >= static_cast<Index>(layers.size()) || head >= attention(layer).heads)
        throw ArgumentError("alignment_heads: expected layers and heads of the decoder, found [" +
                            std::to_string(layer) + ", " + std::to_string(head) + "]");
      notes_.wanted[CrossAttention::queries_name(attention(layer).slot)].push_back(head);
      notes_.head_width = attention(layer).head_width;
    }
  }

  /// Some frames of features. Shapes: all [C, T] -> [C, count].
  static Tensor<float> cut(TensorView<const float> all, Index first, Index count) {
    Tensor<float> part(Shape{all.rows(), count});
    for (Index c = 0; c < all.rows(); ++c) std::copy_n(all.row(c) + first, count, part.view().row(c));
    return part;
  }

  void hear(Index first, Index count) {
    if (source_ && first == first_ && count == count_) return;
    const Tensor<float> heard = features_(first, count);
    const AudioEncoderConfig& encoder = model_->config().encoder;
    Tensor<float> window(Shape{encoder.channels, encoder.frames});
    for (Index c = 0; c < encoder.channels; ++c) std::copy_n(heard.view().row(c), count, window.view().row(c));
    source_ = model_->encode(*workspace_, {window.view()}, cache_);
    first_ = first;
    count_ = count;
  }
  const Source& source() const { return source_; }

  SpeechDecoder decoder() {
    notes_.queries.clear();
    return {*model_, *workspace_, model_->new_sequence(source_, cache_), alignment_ ? &notes_ : nullptr};
  }

  /// As the reference's _extract_token_timestamps: the last token, which was never heard of again, is where the one
  /// before it is.
  std::vector<double> times(Index prompt, std::span<const TokenId> generated) {
    const Index rows = static_cast<Index>(generated.size()) - 1;
    std::vector<double> result(generated.size(), 0.0);
    if (rows < 1) return result;
    std::vector<Tensor<float>> heads;
    for (const auto& [layer, head] : alignment_->heads) heads.push_back(weights(layer, head, prompt, rows));
    const std::vector<Index> places = align(heads, alignment_->filter);
    for (std::size_t i = 0; i < places.size(); ++i)
      result[i] = static_cast<double>(places[i]) * alignment_->time_seconds;
    result.back() = result[result.size() - 2];
    return result;
  }

 private:
  const AttentionConfig& attention(Index layer) const {
    return model_->decoder().config().layers[static_cast<std::size_t>(layer)].cross_attention;
  }

  /// Rows of the encoder that are heard, by the reference's way of counting, which goes on below 0.
  Index columns() const {
    const Index rows = source_->length();
    const Index left = alignment_->frames - first_;
    const Index half = left >= 0 ? left / 2 : -((1 - left) / 2);
    if (half >= 0) return std::min(half, rows);
    return std::max<Index>(std::max<Index>(rows + half, 0) + half, 0);  // which it does twice
  }

  /// Shapes: -> [rows, columns()], softmax over all of the source.
  Tensor<float> weights(Index layer, Index head, Index prompt, Index rows) const {
    const AttentionConfig& config = attention(layer);
    const Index all = source_->length();
    const Index width = config.head_width;
    const kernels::KeyValueLayout& layout = source_->layout(config.slot);
    const Index own = head / (config.heads / config.key_value_heads);
    Tensor<float> keys(Shape{all, width});
    std::vector<float> every(static_cast<std::size_t>(2 * layout.heads * width));
    for (Index s = 0; s < all; ++s) {
      kernels::read_position(layout, source_->pages(config.slot)[static_cast<std::size_t>(s / kernels::page_positions)],
                             s % kernels::page_positions, every.data(), every.data() + layout.heads * width);
      std::copy_n(every.data() + own * width, width, keys.view().row(s));
    }
    const std::vector<float>& queries = notes_.queries.at({CrossAttention::queries_name(config.slot), head});
    Tensor<float> result(Shape{rows, columns()});
    parallel_for(*workspace_->executor, rows, 1, [&](Index begin, Index end) {
      std::vector<double> scores(static_cast<std::size_t>(all));
      for (Index r = begin; r < end; ++r) {
        const float* const query = queries.data() + (prompt + r) * width;
        double greatest = -std::numeric_limits<double>::infinity();
        for (Index s = 0; s < all; ++s) {
          float dot = 0;
          for (Index d = 0; d < width; ++d) dot += query[d] * keys.view().row(s)[d];
          scores[static_cast<std::size_t>(s)] = static_cast<double>(dot * config.scale);
          greatest = std::max(greatest, scores[static_cast<std::size_t>(s)]);
        }
        double sum = 0;
        for (double& score : scores) sum += score = std::exp(score - greatest);
        for (Index s = 0; s < result.size(1); ++s)
          result.view().row(r)[s] = static_cast<float>(scores[static_cast<std::size_t>(s)] / sum);
      }
    });
    return result;
  }

  const SpeechToText* model_;
  Workspace* workspace_;
  Features features_;
  DType cache_;
  std::optional<SpeechAlignment> alignment_;
  SpeechDecoder::Notes notes_;
  Source source_;
  Index first_ = 0;
  Index count_ = 0;
};

}  // namespace headformer
