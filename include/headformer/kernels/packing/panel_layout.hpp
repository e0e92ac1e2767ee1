#pragma once

#include "headformer/core/dtype.hpp"
#include "headformer/core/tensor.hpp"

namespace headformer::kernels::detail {

// How packed weights lie in memory.
//
// A matrix [N outputs, K inputs] is cut into panels of consecutive outputs; the last one is padded with zero outputs.
// Panels follow each other; inside one K runs, in blocks. Vector lanes are outputs, so a product needs no horizontal
// sum, and one row of activations and many read the same stream.
//
//   f32         48 outputs, [k][48]
//   bf16        48 outputs, [k/2][48][2]: a 32-bit lane holds k (low half) and k + 1
//   f16         48 outputs, [k/2][2][48]
//   quantised   32 outputs, a block of the file's 32 or 256 k at a time:
//                 f16 d[32] (mxfp4: byte exponent[32]), then where the format has them f16 m or dmin[32],
//                 byte sub_scale[sub_blocks][32], byte sub_min[sub_blocks][32], then for each 32 k the codes
//               Codes are unsigned. Four consecutive k of one output are a 32-bit lane, 32 lanes a group of 128 bytes,
//               so that four bytes of activations meet one group in an integer dot product. Codes wider than a plane
//               are split into high 2 or 1 bits and low 4 or 2 bits. A plane of b bits holds 8/b groups in a unit of
//               128 bytes: byte i of group g sits in byte i of unit g / (8/b), at bit b * (g % (8/b)). A unit of high
//               bits stands in front of the low ones of its groups: a product reads the panel in the order of memory.

/// What a quantised block's sub-blocks multiply `d` with.
enum class SubScale : std::uint8_t { none, signed_byte, byte, low_nibble };
/// What is added to scale * value: nothing, the block's m, or minus dmin times a byte or the sub-scale's high nibble.
enum class Offset : std::uint8_t { none, block, byte, high_nibble };

/// One quantised format: weight = scale * value(code) + offset, each operation rounded by itself.
struct BlockFormat {
  Index block = 0;                ///< weights (k) a block
  Index sub_block = 0;            ///< weights that share a sub-scale
  int low_bits = 0;               ///< of a code: 8, 4 or 2
  int high_bits = 0;              ///< of a code: 0, 1 or 2
  int bias = 0;                   ///< value = code - bias ...
  const float* values = nullptr;  ///< ... or values[code]
  SubScale sub_scale = SubScale::none;
  Offset offset = Offset::none;
  bool exponent_scale = false;  ///< d is 2^(byte - 128), as mxfp4 has it

  constexpr Index sub_blocks() const { return block / sub_block; }
};

inline constexpr float iq4_values[16] = {-127.0F, -104.0F, -83.0F, -65.0F, -49.0F, -35.0F, -22.0F, -10.0F,
                                         1.0F,    13.0F,   25.0F,  38.0F,  53.0F,  69.0F,  89.0F,  113.0F};
inline constexpr float mxfp4_values[16] = {0.0F, 1.0F,  2.0F,  3.0F,  4.0F,  6.0F,  8.0F,  12.0F,
                                           0.0F, -1.0F, -2.0F, -3.0F, -4.0F, -6.0F, -8.0F, -12.0F};

/// Of a quantised dtype.
constexpr BlockFormat block_format(DType dtype) {
  switch (dtype) {
    case DType::q4_0:
      return {32, 32, 4, 0, 8, nullptr, SubScale::none, Offset::none, false};
    case DType::q4_1:
      return {32, 32, 4, 0, 0, nullptr, SubScale::none, Offset::block, false};
    case DType::q5_0:
      return {32, 32, 4, 1, 16, nullptr, SubScale::none, Offset::none, false};
    case DType::q5_1:
      return {32, 32, 4, 1, 0, nullptr, SubScale::none, Offset::block, false};
    case DType::q8_0:
      return {32, 32, 8, 0, 128, nullptr, SubScale::none, Offset::none, false};
    case DType::q2_k:
      return {256, 16, 2, 0, 0, nullptr, SubScale::low_nibble, Offset::high_nibble, false};
    case DType::q3_k:
      return {256, 16, 2, 1, 4, nullptr, SubScale::signed_byte, Offset::none, false};
    case DType::q4_k:
      return {256, 32, 4, 0, 0, nullptr, SubScale::byte, Offset::byte, false};
    case DType::q5_k:
      return {256, 32, 4, 1, 0, nullptr, SubScale::byte, Offset::byte, false};
    case DType::q6_k:
      return {256, 16, 4, 2, 32, nullptr, SubScale::signed_byte, Offset::none, false};
    case DType::iq4_nl:
      return {32, 32, 4, 0, 0, iq4_values, SubScale::none, Offset::none, false};
    case DType::iq4_xs:
      return {256, 32, 4, 0, 0, iq4_values, SubScale::signed_byte, Offset::none, false};
    default:
      return {32, 32, 4, 0, 0, mxfp4_values, SubScale::none, Offset::none, true};
  }
}

/// Byte positions inside a packed block of 32 outputs.
struct BlockPlaces {
  std::size_t minimum = 0;     ///< f16 m or dmin[32]
  std::size_t sub_scales = 0;  ///< byte [sub_blocks][32]
  std::size_t sub_minima = 0;  ///< byte [sub_blocks][32]
  std::size_t codes = 0;       ///< chunks of 32 k
  std::size_t chunk_bytes = 0;
  std::size_t bytes = 0;
};

/// Counts up with every change of the order described above: packed bytes that were kept are then packed anew.
inline constexpr int packed_order = 1;
inline constexpr Index quantised_panel = 32;
inline constexpr Index plain_panel = 48;
/// k a chunk of codes.
inline constexpr Index chunk_length = 32;

constexpr BlockPlaces block_places(const BlockFormat& format) {
  constexpr auto lanes = static_cast<std::size_t>(quantised_panel);
  const auto sub_blocks = static_cast<std::size_t>(format.sub_blocks());
  BlockPlaces places;
  places.minimum = lanes * (format.exponent_scale ? 1 : 2);
  places.sub_scales = places.minimum + (format.offset == Offset::none ? 0 : lanes * 2);
  places.sub_minima = places.sub_scales + (format.sub_scale == SubScale::none ? 0 : lanes * sub_blocks);
  places.codes = places.sub_minima + (format.offset == Offset::byte ? lanes * sub_blocks : 0);
  places.chunk_bytes = lanes * static_cast<std::size_t>(chunk_length * (format.low_bits + format.high_bits)) / 8;
  places.bytes = places.codes + places.chunk_bytes * static_cast<std::size_t>(format.block / chunk_length);
  return places;
}

/// Groups that share a unit of a plane of 1, 2, 4 or 8 bits; all where there is no plane.
constexpr int groups_in_unit(int bits) { return bits == 0 ? 8 : 8 / bits; }

/// The units a packed matrix is made of.
struct PanelLayout {
  Index outputs = 0;            ///< a panel
  Index block = 0;              ///< k a block; the last block of a plain dtype may be padded with a zero
  std::size_t block_bytes = 0;  ///< of all outputs of the panel

  constexpr std::size_t panel_bytes(Index inputs) const {
    return static_cast<std::size_t>((inputs + block - 1) / block) * block_bytes;
  }
  constexpr Index panels(Index rows) const { return (rows + outputs - 1) / outputs; }
};

/// Every panel's size is a multiple of it.
inline constexpr std::size_t panel_alignment = 32;

/// Whether matrices of this dtype can be packed: f32, f16, bf16 and the quantised ones.
constexpr bool is_packable(DType dtype) {
  return dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16 || is_quantised(dtype);
}

constexpr PanelLayout panel_layout(DType dtype) {
  if (is_quantised(dtype)) {
    const BlockFormat format = block_format(dtype);
    return {quantised_panel, format.block, block_places(format).bytes};
  }
  if (dtype == DType::f32) return {plain_panel, 1, plain_panel * 4};
  return {plain_panel, 2, plain_panel * 4};
}

}  // namespace headformer::kernels::detail
