#include "qk/convert_f32.h"

namespace qk {
namespace {

ConvertF32Table Build(Tier tier) {
  ConvertF32Table table = {{{qk_convert_f32_i8__scalar, Tier::kScalar},
                            {qk_convert_f32_from_i8__scalar, Tier::kScalar},
                            {qk_convert_f32_acc_i8__scalar, Tier::kScalar}},
                           {{qk_convert_f32_u8__scalar, Tier::kScalar},
                            {qk_convert_f32_from_u8__scalar, Tier::kScalar},
                            {qk_convert_f32_acc_u8__scalar, Tier::kScalar}},
                           {{qk_convert_f32_i16__scalar, Tier::kScalar},
                            {qk_convert_f32_from_i16__scalar, Tier::kScalar},
                            {qk_convert_f32_acc_i16__scalar, Tier::kScalar}},
                           {{qk_convert_f32_u16__scalar, Tier::kScalar},
                            {qk_convert_f32_from_u16__scalar, Tier::kScalar},
                            {qk_convert_f32_acc_u16__scalar, Tier::kScalar}}};
#if defined(__x86_64__)
  if (Implies(tier, Tier::kAvx2))
    table = {{{qk_convert_f32_i8__avx2, Tier::kAvx2},
              {qk_convert_f32_from_i8__avx2, Tier::kAvx2},
              {qk_convert_f32_acc_i8__avx2, Tier::kAvx2}},
             {{qk_convert_f32_u8__avx2, Tier::kAvx2},
              {qk_convert_f32_from_u8__avx2, Tier::kAvx2},
              {qk_convert_f32_acc_u8__avx2, Tier::kAvx2}},
             {{qk_convert_f32_i16__avx2, Tier::kAvx2},
              {qk_convert_f32_from_i16__avx2, Tier::kAvx2},
              {qk_convert_f32_acc_i16__avx2, Tier::kAvx2}},
             {{qk_convert_f32_u16__avx2, Tier::kAvx2},
              {qk_convert_f32_from_u16__avx2, Tier::kAvx2},
              {qk_convert_f32_acc_u16__avx2, Tier::kAvx2}}};
  if (Implies(tier, Tier::kAvx512Vnni))
    table = {{{qk_convert_f32_i8__avx512vnni, Tier::kAvx512Vnni},
              {qk_convert_f32_from_i8__avx512vnni, Tier::kAvx512Vnni},
              {qk_convert_f32_acc_i8__avx512vnni, Tier::kAvx512Vnni}},
             {{qk_convert_f32_u8__avx512vnni, Tier::kAvx512Vnni},
              {qk_convert_f32_from_u8__avx512vnni, Tier::kAvx512Vnni},
              {qk_convert_f32_acc_u8__avx512vnni, Tier::kAvx512Vnni}},
             {{qk_convert_f32_i16__avx512vnni, Tier::kAvx512Vnni},
              {qk_convert_f32_from_i16__avx512vnni, Tier::kAvx512Vnni},
              {qk_convert_f32_acc_i16__avx512vnni, Tier::kAvx512Vnni}},
             {{qk_convert_f32_u16__avx512vnni, Tier::kAvx512Vnni},
              {qk_convert_f32_from_u16__avx512vnni, Tier::kAvx512Vnni},
              {qk_convert_f32_acc_u16__avx512vnni, Tier::kAvx512Vnni}}};
#elif defined(__aarch64__)
  if (Implies(tier, Tier::kNeon))
    table = {{{qk_convert_f32_i8__neon, Tier::kNeon},
              {qk_convert_f32_from_i8__neon, Tier::kNeon},
              {qk_convert_f32_acc_i8__neon, Tier::kNeon}},
             {{qk_convert_f32_u8__neon, Tier::kNeon},
              {qk_convert_f32_from_u8__neon, Tier::kNeon},
              {qk_convert_f32_acc_u8__neon, Tier::kNeon}},
             {{qk_convert_f32_i16__neon, Tier::kNeon},
              {qk_convert_f32_from_i16__neon, Tier::kNeon},
              {qk_convert_f32_acc_i16__neon, Tier::kNeon}},
             {{qk_convert_f32_u16__neon, Tier::kNeon},
              {qk_convert_f32_from_u16__neon, Tier::kNeon},
              {qk_convert_f32_acc_u16__neon, Tier::kNeon}}};
#endif
  return table;
}

template <class T>
void Visit(const ConvertF32Codes<T>& codes, const char* const names[3], OpVisitor visit, void* context) {
  visit(context, names[0], codes.quantize.tier);
  visit(context, names[1], codes.dequantize.tier);
  visit(context, names[2], codes.requantize.tier);
}

}  // namespace

const ConvertF32Table& ConvertF32Tables(Tier tier) {
  static const Tables<ConvertF32Table> tables(Build);
  return tables[tier];
}

void VisitConvertF32(Tier tier, OpVisitor visit, void* context) {
  const ConvertF32Table& table = ConvertF32Tables(tier);
  const char* const i8[] = {"convert_f32_i8", "convert_f32_from_i8", "convert_f32_acc_i8"};
  const char* const u8[] = {"convert_f32_u8", "convert_f32_from_u8", "convert_f32_acc_u8"};
  const char* const i16[] = {"convert_f32_i16", "convert_f32_from_i16", "convert_f32_acc_i16"};
  const char* const u16[] = {"convert_f32_u16", "convert_f32_from_u16", "convert_f32_acc_u16"};
  Visit(table.i8, i8, visit, context);
  Visit(table.u8, u8, visit, context);
  Visit(table.i16, i16, visit, context);
  Visit(table.u16, u16, visit, context);
}

}  // namespace qk
