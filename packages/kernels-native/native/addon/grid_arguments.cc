#include "grid_arguments.h"

namespace qk {

GridParams NextGrid(Arguments* arguments) {
  GridParams grid;
  grid.layout = arguments->NextLayout();
  const Span<float> scale = arguments->NextF32();
  const Span<float> zero_point = arguments->NextF32();
  grid.scale = scale.data;
  grid.zero_point = zero_point.data;
  grid.qmin = static_cast<float>(arguments->NextInt(-(1 << 24), 1 << 24));
  grid.qmax = static_cast<float>(arguments->NextInt(-(1 << 24), 1 << 24));
  const int64_t parameters = grid.layout.parameters();
  arguments->Require(scale.length >= parameters && zero_point.length >= parameters);
  return grid;
}

float* NextTensor(Arguments* arguments, const GridParams& grid) {
  const Span<float> array = arguments->NextF32();
  arguments->Require(array.length >= grid.layout.count());
  return array.data;
}

float* NextParameters(Arguments* arguments, const GridParams& grid) {
  if (arguments->SkipNull()) return nullptr;
  const Span<float> array = arguments->NextF32();
  arguments->Require(array.length >= grid.layout.parameters());
  return array.data;
}

}  // namespace qk
