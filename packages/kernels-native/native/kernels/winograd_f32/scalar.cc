#include "qk/winograd_f32.h"

namespace {

constexpr float kA = 0.75f, kA2 = kA * kA, kA3 = kA2 * kA;
constexpr float kB = 1.5f, kB2 = kB * kB, kB3 = kB2 * kB;
constexpr float kK = 1 / (2 * kA2 * (kA2 - kB2)), kL = 1 / (2 * kB2 * (kB2 - kA2));
constexpr int64_t kPanel = 16;

// B' x for six values.
void InputSide(const float* x, int64_t step, float* out, int64_t out_step) {
  const float even_a = x[4 * step] - kB2 * x[2 * step], odd_a = x[3 * step] - kB2 * x[step];
  const float even_b = x[4 * step] - kA2 * x[2 * step], odd_b = x[3 * step] - kA2 * x[step];
  out[0] = kA2 * kB2 * x[0] + (x[4 * step] - (kA2 + kB2) * x[2 * step]);
  out[out_step] = even_a + kA * odd_a;
  out[2 * out_step] = even_a - kA * odd_a;
  out[3 * out_step] = even_b + kB * odd_b;
  out[4 * out_step] = even_b - kB * odd_b;
  out[5 * out_step] = kA2 * kB2 * x[step] + (x[5 * step] - (kA2 + kB2) * x[3 * step]);
}

// A' m for six values.
void OutputSide(const float* m, int64_t step, float* out, int64_t out_step) {
  const float even_a = m[step] + m[2 * step], odd_a = m[step] - m[2 * step];
  const float even_b = m[3 * step] + m[4 * step], odd_b = m[3 * step] - m[4 * step];
  out[0] = m[0] + even_a + even_b;
  out[out_step] = kA * odd_a + kB * odd_b;
  out[2 * out_step] = kA2 * even_a + kB2 * even_b;
  out[3 * out_step] = kA3 * odd_a + (kB3 * odd_b + m[5 * step]);
}

// G g for three values.
void FilterSide(const float* g, int64_t step, float* out, int64_t out_step) {
  const float even_a = kA2 * g[2 * step] + g[0], odd_a = kA * g[step];
  const float even_b = kB2 * g[2 * step] + g[0], odd_b = kB * g[step];
  out[0] = 1 / (kA2 * kB2) * g[0];
  out[out_step] = kK * (even_a + odd_a);
  out[2 * out_step] = kK * (even_a - odd_a);
  out[3 * out_step] = kL * (even_b + odd_b);
  out[4 * out_step] = kL * (even_b - odd_b);
  out[5 * out_step] = g[2 * step];
}

// A d for four values.
void GradientSide(const float* d, int64_t step, float* out, int64_t out_step) {
  const float even_a = d[0] + kA2 * d[2 * step], odd_a = d[step] + kA2 * d[3 * step];
  const float even_b = d[0] + kB2 * d[2 * step], odd_b = d[step] + kB2 * d[3 * step];
  out[0] = d[0];
  out[out_step] = even_a + kA * odd_a;
  out[2 * out_step] = even_a - kA * odd_a;
  out[3 * out_step] = even_b + kB * odd_b;
  out[4 * out_step] = even_b - kB * odd_b;
  out[5 * out_step] = d[3 * step];
}

// G' u for six values.
void FilterGradientSide(const float* u, int64_t step, float* out, int64_t out_step) {
  const float even_a = kK * (u[step] + u[2 * step]), odd_a = kK * (u[step] - u[2 * step]);
  const float even_b = kL * (u[3 * step] + u[4 * step]), odd_b = kL * (u[3 * step] - u[4 * step]);
  out[0] = 1 / (kA2 * kB2) * u[0] + (even_a + even_b);
  out[out_step] = kA * odd_a + kB * odd_b;
  out[2 * out_step] = kA2 * even_a + (kB2 * even_b + u[5 * step]);
}

}  // namespace

void qk_winograd_f32_input__scalar(const qk::WinogradF32Input& call) {
  for (int64_t t = 0; t < call.tiles; t++) {
    for (int64_t c = 0; c < call.channels; c++) {
      float x[36], columns[36], both[36];
      for (int64_t i = 0; i < 6; i++) {
        for (int64_t j = 0; j < 6; j++) {
          const int64_t pixel = call.left + 4 * t + j;
          x[6 * i + j] = pixel >= 0 && pixel < call.width ? call.lines[i][pixel * call.channels + c] : 0.0f;
        }
      }
      for (int64_t j = 0; j < 6; j++) InputSide(x + j, 6, columns + j, 6);
      for (int64_t i = 0; i < 6; i++) InputSide(columns + 6 * i, 1, both + 6 * i, 1);
      for (int64_t p = 0; p < 36; p++) call.out[p * call.position + t * call.channels + c] = both[p];
    }
  }
}

void qk_winograd_f32_output__scalar(const qk::WinogradF32Output& call) {
  for (int64_t t = 0; t < call.tiles; t++) {
    for (int64_t c = 0; c < call.channels; c++) {
      const float* products = call.products + t * call.channels + c;
      float rows[24], both[16];
      for (int64_t i = 0; i < 6; i++) OutputSide(products + 6 * i * call.position, call.position, rows + 4 * i, 1);
      for (int64_t j = 0; j < 4; j++) OutputSide(rows + j, 4, both + j, 4);
      for (int64_t i = 0; i < call.lines; i++) {
        for (int64_t j = 0; j < 4 && 4 * t + j < call.pixels; j++) {
          const int64_t at = i * call.line + (4 * t + j) * call.channels + c;
          float sum = both[4 * i + j];
          if (call.bias != nullptr) sum += call.bias[c];
          if (call.residual != nullptr) sum += call.residual[at];
          if (call.gate != nullptr && !(call.gate[at] > 0)) sum = 0;
          if (sum < call.minimum) sum = call.minimum;
          if (sum > call.maximum) sum = call.maximum;
          call.y[at] = sum;
        }
      }
    }
  }
}

void qk_winograd_f32_filter__scalar(const qk::WinogradF32Filter& call) {
  const int64_t matrix = call.channels * call.outputs;
  for (int64_t c = call.begin; c < call.end; c++) {
    for (int64_t o = 0; o < call.outputs; o++) {
      const int64_t panel = o / kPanel, rest = call.outputs - panel * kPanel, width = rest < kPanel ? rest : kPanel;
      float columns[18], both[36];
      for (int64_t j = 0; j < 3; j++) {
        FilterSide(call.filter + j * matrix + c * call.outputs + o, 3 * matrix, columns + j, 3);
      }
      for (int64_t i = 0; i < 6; i++) FilterSide(columns + 3 * i, 1, both + 6 * i, 1);
      float* out = call.out + 36 * panel * call.position + c * width + o % kPanel;
      for (int64_t p = 0; p < 36; p++) out[p * call.position] = both[p];
    }
  }
}

void qk_winograd_f32_product__scalar(const qk::WinogradF32Product& call) {
  for (int64_t p = 0; p < 36; p++) {
    for (int64_t r = 0; r < call.rows; r++) {
      for (int64_t o = 0; o < call.outputs; o++) {
        const int64_t panel = o / kPanel, rest = call.outputs - panel * kPanel, width = rest < kPanel ? rest : kPanel;
        const float* inputs = call.inputs + p * call.input_position + r * call.channels;
        const float* filter = call.filter + (36 * panel + p) * call.filter_position + o % kPanel;
        float sum = 0;
        for (int64_t c = 0; c < call.channels; c++) sum += inputs[c] * filter[c * width];
        call.products[p * call.product_position + r * call.outputs + o] = sum;
      }
    }
  }
}

void qk_winograd_f32_gradient__scalar(const qk::WinogradF32Gradient& call) {
  for (int64_t t = 0; t < call.tiles; t++) {
    for (int64_t c = 0; c < call.channels; c++) {
      float dy[16], columns[24], both[36];
      for (int64_t i = 0; i < 4; i++) {
        for (int64_t j = 0; j < 4; j++) {
          const bool is_inside = i < call.lines && 4 * t + j < call.pixels;
          dy[4 * i + j] = is_inside ? call.dy[i * call.line + (4 * t + j) * call.channels + c] : 0.0f;
        }
      }
      for (int64_t j = 0; j < 4; j++) GradientSide(dy + j, 4, columns + j, 4);
      for (int64_t i = 0; i < 6; i++) GradientSide(columns + 4 * i, 1, both + 6 * i, 1);
      for (int64_t p = 0; p < 36; p++) call.out[p * call.position + t * call.channels + c] = both[p];
    }
  }
}

void qk_winograd_f32_filter_gradient__scalar(const qk::WinogradF32FilterGradient& call) {
  for (int64_t at = 0; at < call.count; at++) {
    float sums[36], columns[18], both[9];
    for (int64_t p = 0; p < 36; p++) {
      sums[p] = 0;
      for (int64_t part = 0; part < call.parts; part++) sums[p] += call.sums[part * call.part_step + p * call.position + at];
    }
    for (int64_t j = 0; j < 6; j++) FilterGradientSide(sums + j, 6, columns + j, 6);
    for (int64_t i = 0; i < 3; i++) FilterGradientSide(columns + 6 * i, 1, both + 3 * i, 1);
    for (int64_t f = 0; f < 9; f++) call.filter[f * call.step + at] = both[f];
  }
}
