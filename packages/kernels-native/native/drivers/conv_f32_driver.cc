#include <algorithm>
#include <vector>

#include "qk/context.h"
#include "qk/conv_f32.h"
#include "qk/elementwise_f32.h"
#include "qk/gemm_f32.h"
#include "qk/input_gradient_phase.h"
#include "qk/tap_convolution_f32.h"
#include "qk/winograd_f32.h"

namespace qk {
namespace {

bool IsPointwise(const ConvShape& s) {
  return s.filter_height == 1 && s.filter_width == 1 && s.stride_height == 1 && s.stride_width == 1 && s.pad_top == 0 &&
         s.pad_left == 0 && s.out_height == s.in_height && s.out_width == s.in_width;
}

// The taps of a whole filter, neighbours in a line joined to one tap where their pixels are neighbours too.
struct Taps {
  std::vector<int64_t> y, x;
  int64_t run = 1;
};

Taps FilterTaps(const ConvShape& s) {
  Taps taps;
  taps.run = s.dilation_width == 1 ? s.filter_width : 1;
  for (int64_t i = 0; i < s.filter_height; i++) {
    for (int64_t j = 0; j < s.filter_width; j += taps.run) {
      taps.y.push_back(i * s.dilation_height);
      taps.x.push_back(j * s.dilation_width);
    }
  }
  return taps;
}

bool AreNeighbours(const std::vector<int64_t>& shifts) {
  return shifts.empty() || shifts.back() + 1 == static_cast<int64_t>(shifts.size());
}

// The faster of the two ways.
Status Run(Context& context, const TapConvolutionF32& convolution) {
  const bool is_plain = convolution.packed_filter == nullptr;
  return is_plain && SuitsWinogradF32(convolution) ? RunWinogradF32(context, convolution)
                                                   : RunTapConvolutionF32(context, convolution);
}

constexpr int64_t kGrain = 16 * 1024;  // elements per task

// dx = gate(dx + residual), where the convolution has not done it. A pass of its own is no slower than adding in registers, and
// faster where a stride takes pixels apart: 5.9 against 7.0 ms for a 56 x 56 x 64 gradient of 8 images on Zen 5.
Status FinishGradient(Context& context, const ConvF32BackwardInputCall& call) {
  if (call.residual == nullptr && call.gate == nullptr) return Status::kOk;
  const ElementwiseF32Table& table = ElementwiseF32Tables(context.tier());
  const ConvShape& s = call.shape;
  const int64_t count = s.batch * s.in_height * s.in_width * s.in_channels;
  context.pool().ParallelFor(count, kGrain, [&](int64_t begin, int64_t end, int) {
    float* dx = call.dx + begin;
    const auto apply = [&](BinaryF32 op, const float* other) {
      table.binary.run(op, dx, other + begin, end - begin, Operands::kArrays, 0, 0, dx);
    };
    if (call.residual != nullptr) apply(BinaryF32::kAdd, call.residual);
    if (call.gate != nullptr) apply(BinaryF32::kReluGradient, call.gate);
  });
  return Status::kOk;
}

}  // namespace

Status ConvF32(Context& context, const ConvF32Call& call) {
  const ConvShape& s = call.shape;
  if (IsPointwise(s) && call.residual == nullptr) {
    const int64_t rows = s.batch * s.in_height * s.in_width;
    GemmF32Call product = {};
    product.m = rows;
    product.n = s.out_channels;
    product.k = s.in_channels;
    product.batch = 1;
    product.a = {call.x, s.in_channels, false};
    product.b = {call.filter, s.out_channels, false};
    product.packed_b = call.packed_filter;
    product.c = call.y;
    product.c_stride = s.out_channels;
    product.bias = call.bias;
    product.minimum = call.minimum;
    product.maximum = call.maximum;
    return GemmF32(context, product);
  }
  const Taps taps = FilterTaps(s);
  TapConvolutionF32 convolution = {};
  convolution.batch = s.batch;
  convolution.source = call.x;
  convolution.source_height = s.in_height;
  convolution.source_width = s.in_width;
  convolution.source_channels = s.in_channels;
  convolution.grid_height = s.out_height;
  convolution.grid_width = s.out_width;
  convolution.top = -s.pad_top;
  convolution.left = -s.pad_left;
  convolution.step_y = s.stride_height;
  convolution.step_x = s.stride_width;
  convolution.tap_y = taps.y.data();
  convolution.tap_x = taps.x.data();
  convolution.taps = static_cast<int64_t>(taps.y.size());
  convolution.run = taps.run;
  convolution.reach_y = (s.filter_height - 1) * s.dilation_height + 1;
  convolution.reach_x = (s.filter_width - 1) * s.dilation_width + 1;
  convolution.filter = call.filter;
  convolution.packed_filter = call.packed_filter;
  convolution.channels = s.out_channels;
  convolution.target = call.y;
  convolution.target_height = s.out_height;
  convolution.target_width = s.out_width;
  convolution.target_step_y = 1;
  convolution.target_step_x = 1;
  convolution.bias = call.bias;
  convolution.residual = call.residual;
  convolution.minimum = call.minimum;
  convolution.maximum = call.maximum;
  return Run(context, convolution);
}

Status ConvF32BackwardInput(Context& context, const ConvF32BackwardInputCall& call) {
  const ConvShape& s = call.shape;
  if (IsPointwise(s)) {
    const int64_t rows = s.batch * s.in_height * s.in_width;
    GemmF32Call product = {};
    product.m = rows;
    product.n = s.in_channels;
    product.k = s.out_channels;
    product.batch = 1;
    product.a = {call.dy, s.out_channels, false};
    product.b = {call.filter, s.out_channels, true};
    product.c = call.dx;
    product.c_stride = s.in_channels;
    product.minimum = -__builtin_inff();
    product.maximum = __builtin_inff();
    const Status status = GemmF32(context, product);
    return status == Status::kOk ? FinishGradient(context, call) : status;
  }
  const GemmF32Table& table = GemmF32Tables(context.tier());
  Scratch scratch(context);
  const int64_t matrix = s.in_channels * s.out_channels;
  float* turned = scratch.Take<float>(static_cast<size_t>(s.filter_height * s.filter_width * matrix));
  if (turned == nullptr) return Status::kOutOfMemory;

  for (int64_t phase_y = 0; phase_y < s.stride_height; phase_y++) {
    const InputGradientPhase vertical =
        MakeInputGradientPhase(phase_y, s.in_height, s.filter_height, s.stride_height, s.dilation_height, s.pad_top);
    for (int64_t phase_x = 0; phase_x < s.stride_width; phase_x++) {
      const InputGradientPhase level =
          MakeInputGradientPhase(phase_x, s.in_width, s.filter_width, s.stride_width, s.dilation_width, s.pad_left);
      const int64_t level_taps = static_cast<int64_t>(level.elements.size());
      const int64_t run = AreNeighbours(level.shifts) ? std::max<int64_t>(level_taps, 1) : 1;
      std::vector<int64_t> tap_y, tap_x;
      float* out = turned;
      for (size_t i = 0; i < vertical.elements.size(); i++) {
        for (size_t j = 0; j < level.elements.size(); j++) {
          const float* from = call.filter + (vertical.elements[i] * s.filter_width + level.elements[j]) * matrix;
          table.transpose.run(from, s.out_channels, s.in_channels, s.out_channels, out, s.in_channels);
          out += matrix;
          if (static_cast<int64_t>(j) % run == 0) {
            tap_y.push_back(vertical.shifts[i]);
            tap_x.push_back(level.shifts[j]);
          }
        }
      }
      TapConvolutionF32 convolution = {};
      convolution.batch = s.batch;
      convolution.source = call.dy;
      convolution.source_height = s.out_height;
      convolution.source_width = s.out_width;
      convolution.source_channels = s.out_channels;
      convolution.grid_height = vertical.positions;
      convolution.grid_width = level.positions;
      convolution.top = vertical.first;
      convolution.left = level.first;
      convolution.step_y = 1;
      convolution.step_x = 1;
      convolution.tap_y = tap_y.data();
      convolution.tap_x = tap_x.data();
      convolution.taps = static_cast<int64_t>(tap_y.size());
      convolution.run = run;
      convolution.reach_y = vertical.reach;
      convolution.reach_x = level.reach;
      convolution.filter = turned;
      convolution.channels = s.in_channels;
      convolution.target = call.dx;
      convolution.target_height = s.in_height;
      convolution.target_width = s.in_width;
      convolution.target_top = phase_y;
      convolution.target_left = phase_x;
      convolution.target_step_y = s.stride_height;
      convolution.target_step_x = s.stride_width;
      convolution.minimum = -__builtin_inff();
      convolution.maximum = __builtin_inff();
      if (SuitsWinogradF32(convolution)) {
        convolution.residual = call.residual;
        convolution.gate = call.gate;
        return RunWinogradF32(context, convolution);
      }
      const Status status = RunTapConvolutionF32(context, convolution);
      if (status != Status::kOk) return status;
    }
  }
  return FinishGradient(context, call);
}

}  // namespace qk
