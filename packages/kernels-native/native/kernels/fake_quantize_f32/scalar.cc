#include <cstdint>

#include "qk/fake_quantize_f32.h"

// The formulas of the header, one element at a time.

namespace {

struct Element {
  float scale, zero_point, qmin, qmax;
  int64_t column;  // of the sums
};

// Calls visit(element, index) for every value of the block.
template <class Visit>
void ForEach(const QkGrid& grid, Visit visit) {
  for (int64_t r = 0, i = 0; r < grid.rows; r++) {
    for (int64_t c = 0; c < grid.columns; c++, i++) {
      const int64_t p = grid.is_shared ? 0 : c;
      visit(Element{grid.scale[p], grid.zero_point[p], grid.qmin, grid.qmax, p}, i);
    }
  }
}

float RoundHalfEven(float v) { return __builtin_rintf(v); }

// NaN gives low.
float Clip(float v, float low, float high) { return v > high ? high : v >= low ? v : low; }

float Code(const Element& e, float x) { return RoundHalfEven(x / e.scale) + e.zero_point; }

}  // namespace

void qk_fake_quantize_f32__scalar(const QkGrid& grid, const float* x, float* y) {
  ForEach(grid, [&](const Element& e, int64_t i) { y[i] = (Clip(Code(e, x[i]), e.qmin, e.qmax) - e.zero_point) * e.scale; });
}

void qk_fake_quantize_f32_backward__scalar(const QkGrid& grid, const float* dy, const float* x, float* dx) {
  ForEach(grid, [&](const Element& e, int64_t i) {
    const float code = Code(e, x[i]);
    dx[i] = code >= e.qmin && code <= e.qmax ? dy[i] : 0.0f;
  });
}

void qk_fake_quantize_f32_learned_step__scalar(const QkGrid& grid, const float* dy, const float* x, float* dx,
                                               const QkSums& sums) {
  ForEach(grid, [&](const Element& e, int64_t i) {
    const float v = x[i] / e.scale;
    const float code = v + e.zero_point;
    const bool is_inside = code > e.qmin && code < e.qmax;
    const float g = dy[i];
    const float slope = is_inside ? RoundHalfEven(v) - v : Clip(code, e.qmin, e.qmax);
    sums.data[e.column] += static_cast<double>(g * slope);
    if (!is_inside) sums.data[sums.stride + e.column] += static_cast<double>(g);
    dx[i] = is_inside ? g : 0.0f;
  });
}

void qk_fake_quantize_f32_clipping_level__scalar(const QkGrid& grid, bool has_full_gradient, const float* dy, const float* x,
                                                 float* dx, const QkSums& sums) {
  ForEach(grid, [&](const Element& e, int64_t i) {
    const float v = x[i] / e.scale;
    const bool is_open = v > e.qmin && v < e.qmax;
    const float g = dy[i];
    const float within = has_full_gradient ? RoundHalfEven(v) - v : 0.0f;
    sums.data[e.column] += static_cast<double>(g * ((is_open ? within : Clip(v, e.qmin, e.qmax)) / e.qmax));
    dx[i] = v >= e.qmin && v <= e.qmax ? g : 0.0f;
  });
}

void qk_fake_quantize_f32_soft_staircase__scalar(const QkGrid& grid, const float* alpha, const float* dy, const float* x,
                                                 float* dx, const QkSums& sums) {
  ForEach(grid, [&](const Element& e, int64_t i) {
    const float intervals = e.qmax - e.qmin;
    const float a = alpha[e.column];
    const float v = x[i] / e.scale;
    const float shift = e.zero_point - e.qmin;
    const float r = v + shift;
    const float g = dy[i];
    double* sum = sums.data + e.column;
    dx[i] = 0.0f;
    if (r < 0) {
      sum[0] += static_cast<double>(g);
    } else if (r > intervals) {
      sum[sums.stride] += static_cast<double>(g);
    } else if (r >= 0) {
      const float code = Clip(RoundHalfEven(v) + shift, 0, intervals);
      const float t = r - Clip(__builtin_floorf(r), 0, intervals - 1) - 0.5f;
      const float k = __builtin_logf(2 / a - 1), s = 1 / (1 - a);
      const float tanh = __builtin_tanhf(k * t);
      const float peak = 1 - tanh * tanh;
      const float half = s * k * peak * 0.5f;
      const float share = code / intervals, position = r / intervals;
      sum[0] += static_cast<double>(g * (1 - share + half * (position - 1)));
      sum[sums.stride] += static_cast<double>(g * (share - half * position));
      sum[2 * sums.stride] += static_cast<double>(g * (e.scale * 0.5f * (tanh * s * s - s * peak * t * 2 / (a * (2 - a)))));
      dx[i] = g * half;
    }
  });
}
