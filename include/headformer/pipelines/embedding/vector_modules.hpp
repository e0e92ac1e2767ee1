#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "headformer/core/cold.hpp"
#include "headformer/formats/json_file.hpp"
#include "headformer/kernels/activation.hpp"
#include "headformer/kernels/elementwise.hpp"
#include "headformer/models/workspace.hpp"
#include "headformer/nn/linear.hpp"
#include "headformer/nn/norm.hpp"
#include "headformer/weights/checkpoint.hpp"

namespace headformer {

// What follows the pooling in a sentence-transformers folder: modules over vectors. Shapes: x [N, in] -> y [N,
// width()].

/// activation(linear(x)), with x (or a projection of it) added where the config says so.
struct VectorDense {
  Linear linear;  // [out, in]
  kernels::Activation activation;
  bool adds_input;
  std::optional<Linear> projection;  // [out, in], of the input that is added; none where the widths agree

  Index width() const { return linear.outputs(); }
  void operator()(Context& context, TensorView<const float> x, TensorView<float> y) const {
    linear(context, x, y, kernels::Activate{activation, context.compute().isa});
    if (!adds_input) return;
    if (projection) {
      projection->add(context, x, y);
    } else {
      kernels::add(context.compute(), y, x);
    }
  }
};

/// Layer normalisation.
struct VectorNorm {
  LayerNorm norm;  // [D]

  Index width() const { return norm.weight.count(); }
  void operator()(Context& context, TensorView<const float> x, TensorView<float> y) const { norm(context, x, y); }
};

/// Divides by the Euclidean length, as torch's normalize does.
struct UnitLength {
  Index columns;

  Index width() const { return columns; }
  void operator()(Context&, TensorView<const float> x, TensorView<float> y) const {
    for (Index r = 0; r < x.rows(); ++r) {
      double squares = 0;
      for (Index i = 0; i < x.columns(); ++i) squares += static_cast<double>(x.row(r)[i]) * x.row(r)[i];
      const float length = std::max(static_cast<float>(std::sqrt(squares)), 1e-12F);
      for (Index i = 0; i < x.columns(); ++i) y.row(r)[i] = x.row(r)[i] / length;
    }
  }
};

using VectorModule = std::variant<VectorDense, VectorNorm, UnitLength>;

/// Modules one after the other. Shapes: x [N, inputs] -> [N, width()].
class VectorModules {
 public:
  explicit VectorModules(Index inputs) : width_(inputs) {}

  void add(VectorModule module) {
    width_ = std::visit([](const auto& m) { return m.width(); }, module);
    modules_.push_back(std::move(module));
  }

  bool empty() const { return modules_.empty(); }
  Index width() const { return width_; }

  Tensor<float> operator()(Workspace& workspace, Tensor<float> x) const {
    if (x.count() == 0) return Tensor<float>(Shape{0, width_});
    const Batch none;
    Context context(workspace.compute(), workspace.scratch, workspace.tables, none);
    for (const VectorModule& module : modules_) {
      std::visit(
          [&](const auto& m) {
            Tensor<float> y(Shape{x.size(0), m.width()});
            m(context, x.view(), y.view());
            x = std::move(y);
          },
          module);
    }
    return x;
  }

 private:
  std::vector<VectorModule> modules_;
  Index width_;
};

namespace detail {

inline constexpr NameRow vector_module_rows[] = {
    {"linear", "linear", ""}, {"residual", "residual", ""}, {"norm", "norm", ""}};

/// An activation by the name of its class in torch.nn. Of a class that is not torch's the reference makes Tanh.
HEADFORMER_COLD inline kernels::Activation read_torch_activation(const JsonObject& config) {
  using kernels::Activation;
  static constexpr std::pair<std::string_view, Activation> names[] = {
      {"Tanh", Activation::tanh}, {"Identity", Activation::identity}, {"ReLU", Activation::relu},
      {"GELU", Activation::gelu}, {"Sigmoid", Activation::sigmoid},   {"SiLU", Activation::silu}};
  const std::string path = config.string_or("activation_function", "torch.nn.modules.activation.Tanh");
  if (!path.starts_with("torch.")) return Activation::tanh;
  for (const auto& [name, activation] : names)
    if (path.substr(path.rfind('.') + 1) == name) return activation;
  config.fail("activation_function", "torch.nn's Tanh, Identity, ReLU, GELU, Sigmoid or SiLU");
}

/// Whether a module is for vectors of this name. Throws ConfigError where it makes others of them.
HEADFORMER_COLD inline bool reads_vectors(const JsonObject& config, std::string_view vectors,
                                          std::string_view unnamed) {
  const std::string input = config.string_or("module_input_name", unnamed);
  if (config.string_or("module_output_name", input) != input) config.fail("module_output_name", input);
  return input == vectors;
}

/// A module by the last part of its type in modules.json; nothing for one that does nothing here (Dropout, the
/// normalisation of other vectors). `vectors`: what the reference calls those that it is for, sentence_embedding or
/// token_embeddings; `inputs`: the width of what comes before; `folder`: where its config and weights lie.
HEADFORMER_COLD inline std::optional<VectorModule> read_vector_module(std::string_view type, std::string_view vectors,
                                                                      Index inputs, const std::filesystem::path& folder,
                                                                      const LoadOptions& options, Executor& executor) {
  if (type == "Dropout") return std::nullopt;
  if (type == "Normalize") {
    const JsonFile file(folder_reader(folder), "config.json");
    if (!reads_vectors(file.object(), vectors, "sentence_embedding")) return std::nullopt;
    return UnitLength{inputs};
  }
  const bool norms = type == "LayerNorm" && vectors == "sentence_embedding";
  if (!norms && type != "Dense")
    throw ConfigError(folder.string() + ": expected a module of " + std::string(vectors) + ", found " + quoted(type));
  const Checkpoint checkpoint = Checkpoint::open(folder);
  const NameTable names{vector_module_rows, {}};
  const Weights weights(checkpoint, names, options, executor);
  const JsonObject config = checkpoint.config();
  if (norms) {
    VectorNorm norm{LayerNorm({config.integer("dimension", inputs, inputs), 1e-5F, true}, weights / "norm")};
    weights.finish();
    return norm;
  }
  if (!reads_vectors(config, vectors, vectors)) config.fail("module_input_name", std::string(vectors));
  config.integer("in_features", inputs, inputs);
  const Index outputs = config.integer("out_features", 1, Index{1} << 24);
  const bool adds_input = config.boolean_or("use_residual", false);
  VectorDense dense{Linear({inputs, {{"linear", outputs}}, config.boolean_or("bias", true)}, weights),
                    read_torch_activation(config), adds_input, std::nullopt};
  if (adds_input && inputs != outputs) dense.projection.emplace(LinearConfig{inputs, {{"residual", outputs}}}, weights);
  weights.finish();
  return dense;
}

inline constexpr NameRow gguf_dense_rows[] = {{"dense_2", "", "dense_2"}, {"dense_3", "", "dense_3"}};

/// Adds EmbeddingGemma's two matrices behind the pooling, where its GGUF holds them.
HEADFORMER_COLD inline void read_gguf_dense(const Checkpoint& checkpoint, const LoadOptions& options,
                                            Executor& executor, VectorModules& modules) {
  const NameTable names{gguf_dense_rows, {}};
  const Weights weights(checkpoint, names, options, executor);
  for (const char* name : {"dense_2", "dense_3"}) {
    const TensorEntry* entry = checkpoint.find(std::string(name) + ".weight");
    if (entry == nullptr) continue;
    const Index outputs = entry->shape.rank() == 2 ? entry->shape[0] : 1;  // another rank is refused below
    modules.add(VectorDense{Linear({modules.width(), {{name, outputs}}, false}, weights), kernels::Activation::identity,
                            false, std::nullopt});
  }
}

}  // namespace detail
}  // namespace headformer
