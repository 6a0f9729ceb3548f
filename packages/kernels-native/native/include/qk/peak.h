#ifndef QK_PEAK_H_
#define QK_PEAK_H_

#include <cstdint>

#include "qk/table.h"

// Loops that do nothing but the fastest arithmetic of an instruction set, from registers: what a perfect kernel could reach.
// Each returns a number that depends on all of the work, and does `rounds` times the operations of its rate below.
using QkPeakRounds = uint64_t(int64_t rounds);

// Adds up n bytes (a multiple of 256) in wide loads: what reading memory can reach.
using QkPeakRead = uint64_t(const uint8_t* data, int64_t n);

extern "C" {
QkPeakRounds qk_peak_f32__scalar, qk_peak_f32__avx2, qk_peak_f32__avx512vnni, qk_peak_f32__neon;
QkPeakRounds qk_peak_i8__scalar, qk_peak_i8__avx2, qk_peak_i8__avxvnni, qk_peak_i8__avx512vnni, qk_peak_i8__neon,
    qk_peak_i8__neondot;
QkPeakRounds qk_peak_shift__scalar, qk_peak_shift__avx2, qk_peak_shift__avx512vnni, qk_peak_shift__neon;
QkPeakRounds qk_peak_b1__scalar, qk_peak_b1__avx2, qk_peak_b1__avx512vnni, qk_peak_b1__neon;
QkPeakRead qk_peak_read__scalar, qk_peak_read__avx2, qk_peak_read__avx512vnni, qk_peak_read__neon;
}

namespace qk {

// A loop and how many operations one round is; a multiply-add counts as two, as does an XOR with the count of one bit.
struct PeakLoop {
  QkPeakRounds* run;
  double operations;
};

struct PeakTable {
  Op<PeakLoop> f32;    // fused multiply-add
  Op<PeakLoop> i8;     // dot product of unsigned and signed bytes into int32
  Op<PeakLoop> shift;  // the same products with weights that are powers of two: shift and addition
  Op<PeakLoop> b1;     // XOR and count of bits
  Op<QkPeakRead*> read;
};

const PeakTable& PeakTables(Tier tier);
void VisitPeak(Tier tier, OpVisitor visit, void* context);

}  // namespace qk

#endif  // QK_PEAK_H_
