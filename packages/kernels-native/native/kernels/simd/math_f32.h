// Elementary functions of F32 vectors, on top of one of the vector types of this folder. Internal linkage, as there.
//
// Exp and Log: range reduction and polynomials of Cephes (S. L. Moshier, expf.c and logf.c), at most 2 ULP here.
#ifndef QK_KERNELS_SIMD_MATH_F32_H_
#define QK_KERNELS_SIMD_MATH_F32_H_

namespace {

// 2^n for integers n within [-126, 127].
inline F32 PowerOfTwo(I32 n) { return FromBits(ShiftLeft<23>(AddI32(n, SetI32(127)))); }

// x = n ln 2 + rest with |rest| <= ln 2 / 2.
struct ExpParts {
  F32 n, rest, minus_one;  // minus_one = e^rest - 1
};
inline ExpParts SplitExp(F32 x) {
  const F32 n = RoundHalfEven(Mul(x, Set(1.44269504088896341f)));
  F32 rest = NegativeMulAdd(n, Set(0.693359375f), x);
  rest = NegativeMulAdd(n, Set(-2.12194440e-4f), rest);
  F32 p = Set(1.9875691500e-4f);
  p = MulAdd(p, rest, Set(1.3981999507e-3f));
  p = MulAdd(p, rest, Set(8.3334519073e-3f));
  p = MulAdd(p, rest, Set(4.1665795894e-2f));
  p = MulAdd(p, rest, Set(1.6666665459e-1f));
  p = MulAdd(p, rest, Set(5.0000001201e-1f));
  return {n, rest, MulAdd(p, Mul(rest, rest), rest)};
}

// e^x; 0 and infinity where the result leaves the range, subnormal results included, NaN passes.
inline F32 Exp(F32 x) {
  x = Min(Set(88.8f), Max(Set(-104.0f), x));
  const ExpParts parts = SplitExp(x);
  // In two steps, so that n = 128 and n < -126 have factors too.
  const I32 n = ToI32(parts.n), half = ShiftRight<1>(n);
  return Mul(Mul(Add(parts.minus_one, Set(1.0f)), PowerOfTwo(half)), PowerOfTwo(SubI32(n, half)));
}

// e^x - 1 without cancellation near 0.
inline F32 Expm1(F32 x) {
  const ExpParts parts = SplitExp(Min(Set(20.0f), Max(Set(-20.0f), x)));
  const F32 power = PowerOfTwo(ToI32(parts.n));
  return Select(Less(Set(20.0f), x), Exp(x), MulAdd(parts.minus_one, power, Sub(power, Set(1.0f))));
}

// Natural logarithm; -infinity at 0, NaN below.
inline F32 Log(F32 x) {
  const Mask subnormal = Less(x, Set(1.17549435e-38f));
  const F32 scaled = Select(subnormal, Mul(x, Set(8388608.0f)), x);
  // Mantissa within [sqrt 1/2, sqrt 2): the exponent is that of scaled / sqrt 1/2.
  const I32 bits = ToBits(scaled);
  const I32 exponent = ShiftRight<23>(SubI32(bits, SetI32(0x3f3504f3)));
  const F32 m = Sub(FromBits(SubI32(bits, ShiftLeft<23>(exponent))), Set(1.0f));
  const F32 e = Sub(ToF32(exponent), Select(subnormal, Set(23.0f), Set(0.0f)));
  F32 p = Set(7.0376836292e-2f);
  p = MulAdd(p, m, Set(-1.1514610310e-1f));
  p = MulAdd(p, m, Set(1.1676998740e-1f));
  p = MulAdd(p, m, Set(-1.2420140846e-1f));
  p = MulAdd(p, m, Set(1.4249322787e-1f));
  p = MulAdd(p, m, Set(-1.6668057665e-1f));
  p = MulAdd(p, m, Set(2.0000714765e-1f));
  p = MulAdd(p, m, Set(-2.4999993993e-1f));
  p = MulAdd(p, m, Set(3.3333331174e-1f));
  const F32 square = Mul(m, m);
  p = Mul(p, Mul(m, square));
  p = MulAdd(e, Set(-2.12194440e-4f), p);
  p = NegativeMulAdd(square, Set(0.5f), p);
  F32 y = MulAdd(e, Set(0.693359375f), Add(m, p));
  y = Select(Equal(x, Set(0.0f)), Set(-__builtin_inff()), y);
  y = Select(Less(x, Set(0.0f)), Set(__builtin_nanf("")), y);
  return Select(Less(x, Set(__builtin_inff())), y, x);  // infinity and NaN
}

// log(1 + x): the rounding error of 1 + x is divided by it and subtracted.
inline F32 Log1p(F32 x) {
  const F32 w = Add(Set(1.0f), x);
  const F32 y = Sub(Log(w), Div(Sub(Sub(w, Set(1.0f)), x), w));
  return Select(Both(Less(Set(-1.0f), x), Less(x, Set(__builtin_inff()))), y, Log(w));
}

// 1 / (1 + e^-x), as e^x / (1 + e^x) below 0 where e^-x would overflow before the result vanishes.
inline F32 Sigmoid(F32 x) {
  const F32 e = Exp(Sub(Set(0.0f), Abs(x)));
  return Div(Select(Less(x, Set(0.0f)), e, Set(1.0f)), Add(Set(1.0f), e));
}

// Cephes tanhf.c: a polynomial below 0.625, (e^2x - 1) / (e^2x + 1) above.
inline F32 Tanh(F32 x) {
  const F32 magnitude = Abs(x), z = Mul(x, x);
  F32 p = Set(-5.70498872745e-3f);
  p = MulAdd(p, z, Set(2.06390887954e-2f));
  p = MulAdd(p, z, Set(-5.37397155531e-2f));
  p = MulAdd(p, z, Set(1.33314422036e-1f));
  p = MulAdd(p, z, Set(-3.33332819422e-1f));
  const F32 small = MulAdd(Mul(p, z), x, x);
  const F32 large = Sub(Set(1.0f), Div(Set(2.0f), Add(Exp(Add(magnitude, magnitude)), Set(1.0f))));
  const F32 with_sign = Select(Less(x, Set(0.0f)), Sub(Set(0.0f), large), large);
  return Select(Less(magnitude, Set(0.625f)), small, with_sign);
}

// Error function: the rational minimax approximation x P(x^2) / Q(x^2) on [-4, 4] that Eigen uses; |error| <= 4e-7.
inline F32 Erf(F32 x) {
  const F32 t = Min(Set(4.0f), Max(Set(-4.0f), x)), z = Mul(t, t);
  F32 p = Set(-2.72614225801306e-10f);
  p = MulAdd(p, z, Set(2.77068142495902e-08f));
  p = MulAdd(p, z, Set(-2.10102402082508e-06f));
  p = MulAdd(p, z, Set(-5.69250639462346e-05f));
  p = MulAdd(p, z, Set(-7.34990630326855e-04f));
  p = MulAdd(p, z, Set(-2.95459980854025e-03f));
  p = MulAdd(p, z, Set(-1.60960333262415e-02f));
  F32 q = Set(-1.45660718464996e-05f);
  q = MulAdd(q, z, Set(-2.13374055278905e-04f));
  q = MulAdd(q, z, Set(-1.68282697438203e-03f));
  q = MulAdd(q, z, Set(-7.37332916720468e-03f));
  q = MulAdd(q, z, Set(-1.42647390514189e-02f));
  return Min(Set(1.0f), Max(Set(-1.0f), Div(Mul(t, p), q)));
}

}  // namespace

#endif  // QK_KERNELS_SIMD_MATH_F32_H_
