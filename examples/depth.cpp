// How far away every pixel is: depth MODEL FILE... [--output DIR]
#include <algorithm>
#include <headformer/pipelines/depth_estimator.hpp>
#include <numeric>

#include "annotated_files.hpp"

namespace {

/// The map's size and range; the map from black, the least of it, to white.
program::ShownAnswer shown(const headformer::DepthMap& depth, bool drawn) {
  const auto [least, greatest] = std::minmax_element(depth.values.begin(), depth.values.end());
  const double mean =
      std::accumulate(depth.values.begin(), depth.values.end(), 0.0) / static_cast<double>(depth.values.size());
  program::ShownAnswer answer{{{"height", depth.size.height},
                               {"width", depth.size.width},
                               {"least", *least},
                               {"greatest", *greatest},
                               {"mean", mean}},
                              {}};
  if (!drawn) return answer;
  const float range = *greatest > *least ? *greatest - *least : 1.0F;
  answer.picture = headformer::Picture(depth.size, 1);
  std::uint8_t* pixel = answer.picture.row(0);
  for (const float value : depth.values) *pixel++ = static_cast<std::uint8_t>((value - *least) / range * 255);
  return answer;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace headformer;
  program::App app("Estimates the depth of pictures, a line of JSON each");
  std::string model;
  std::vector<std::string> files;
  program::PictureWriter writer;
  program::ImageProgram pipeline;
  app.add_option("MODEL", model, "a Hugging Face folder of a class for depth estimation")->required();
  app.add_option("FILE", files, "pictures")->required();
  writer.add_to(app, "the depths as gray PNGs, from the least to the greatest of each");
  pipeline.add_to(app);
  return program::run(app, argc, argv, [&] {
    const DepthEstimator estimator(model, pipeline.options());
    program::show_files<DepthMap>(
        files, writer, [&](std::span<const Picture> pictures) { return estimator.estimate(pictures); },
        [&](const DepthMap& depth, const Picture&) { return shown(depth, static_cast<bool>(writer)); });
  });
}
