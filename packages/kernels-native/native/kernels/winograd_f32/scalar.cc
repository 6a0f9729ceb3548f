#include "qk/winograd_f32.h"

namespace {

// B' v for four values.
void InputSide(const float* v, int64_t step, float* out, int64_t out_step) {
  out[0] = v[0] - v[2 * step];
  out[out_step] = v[step] + v[2 * step];
  out[2 * out_step] = v[2 * step] - v[step];
  out[3 * out_step] = v[step] - v[3 * step];
}

// A' v for four values.
void OutputSide(const float* v, int64_t step, float* out, int64_t out_step) {
  out[0] = v[0] + v[step] + v[2 * step];
  out[out_step] = v[step] - v[2 * step] - v[3 * step];
}

// G v for three values.
void FilterSide(const float* v, int64_t step, float* out, int64_t out_step) {
  const float even = 0.5f * (v[0] + v[2 * step]), odd = 0.5f * v[step];
  out[0] = v[0];
  out[out_step] = even + odd;
  out[2 * out_step] = even - odd;
  out[3 * out_step] = v[2 * step];
}

}  // namespace

void qk_winograd_f32_input__scalar(const qk::WinogradF32Input& call) {
  for (int64_t t = 0; t < call.tiles; t++) {
    for (int64_t c = 0; c < call.channels; c++) {
      float columns[16], both[16];
      for (int64_t j = 0; j < 4; j++) {
        InputSide(call.x + (2 * t + j) * call.channels + c, call.line, columns + j, 4);
      }
      for (int64_t i = 0; i < 4; i++) InputSide(columns + 4 * i, 1, both + 4 * i, 1);
      for (int64_t p = 0; p < 16; p++) call.out[p * call.position + t * call.channels + c] = both[p];
    }
  }
}

void qk_winograd_f32_output__scalar(const qk::WinogradF32Output& call) {
  for (int64_t t = 0; t < call.tiles; t++) {
    for (int64_t c = 0; c < call.channels; c++) {
      const float* products = call.products + t * call.channels + c;
      float columns[8], both[4];
      for (int64_t j = 0; j < 4; j++) OutputSide(products + j * call.position, 4 * call.position, columns + j, 4);
      for (int64_t i = 0; i < 2; i++) OutputSide(columns + 4 * i, 1, both + 2 * i, 1);
      for (int64_t i = 0; i < call.lines; i++) {
        for (int64_t j = 0; j < 2 && 2 * t + j < call.pixels; j++) {
          const int64_t at = i * call.line + (2 * t + j) * call.channels + c;
          float sum = both[2 * i + j];
          if (call.bias != nullptr) sum += call.bias[c];
          if (call.residual != nullptr) sum += call.residual[at];
          if (sum < call.minimum) sum = call.minimum;
          if (sum > call.maximum) sum = call.maximum;
          call.y[at] = sum;
        }
      }
    }
  }
}

void qk_winograd_f32_filter__scalar(const float* filter, int64_t count, float* out) {
  for (int64_t i = 0; i < count; i++) {
    float columns[12], both[16];
    for (int64_t j = 0; j < 3; j++) FilterSide(filter + j * count + i, 3 * count, columns + j, 3);
    for (int64_t r = 0; r < 4; r++) FilterSide(columns + 3 * r, 1, both + 4 * r, 1);
    for (int64_t p = 0; p < 16; p++) out[p * count + i] = both[p];
  }
}
