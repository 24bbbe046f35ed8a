// The patch that multiplies Q4_1 weights in tiles: the same bits as a product at a time.
#include <ggml-cpu.h>
#include <ggml.h>
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <random>
#include <vector>

namespace bastide::models::local {
namespace {

constexpr std::int64_t depth = 96, rows = 15;

std::vector<float> random_floats(std::int64_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> out(static_cast<std::size_t>(count));
  for (auto& each : out) each = normal(random);
  return out;
}

std::vector<std::byte> quantised(const std::vector<float>& plain) {
  std::vector<std::byte> out(ggml_row_size(GGML_TYPE_Q4_1, depth) * rows);
  ggml_quantize_chunk(GGML_TYPE_Q4_1, plain.data(), out.data(), 0, rows, depth, nullptr);
  return out;
}

std::vector<float> product(const std::vector<std::byte>& weights, const std::vector<float>& inputs,
                           int threads) {
  const auto columns = static_cast<std::int64_t>(inputs.size()) / depth;
  const std::unique_ptr<ggml_context, decltype(&ggml_free)> context(
      ggml_init({.mem_size = 8 << 20, .mem_buffer = nullptr, .no_alloc = false}), ggml_free);
  auto* a = ggml_new_tensor_2d(context.get(), GGML_TYPE_Q4_1, depth, rows);
  auto* b = ggml_new_tensor_2d(context.get(), GGML_TYPE_F32, depth, columns);
  std::memcpy(a->data, weights.data(), weights.size());
  std::memcpy(b->data, inputs.data(), inputs.size() * sizeof(float));
  auto* multiplied = ggml_mul_mat(context.get(), a, b);
  auto* graph = ggml_new_graph(context.get());
  ggml_build_forward_expand(graph, multiplied);
  EXPECT_EQ(ggml_graph_compute_with_ctx(context.get(), graph, threads), GGML_STATUS_SUCCESS);
  const auto* values = static_cast<const float*>(multiplied->data);
  return {values, values + rows * columns};
}

TEST(Q41Gemm, GivesTheBitsOfAProductAtATime) {
  const auto* of_weights = ggml_get_type_traits_cpu(GGML_TYPE_Q4_1);
  const auto* of_inputs = ggml_get_type_traits_cpu(of_weights->vec_dot_type);
  const auto weights = quantised(random_floats(depth * rows, 1));
  const auto row_bytes = weights.size() / rows;
  std::vector<std::byte> column(ggml_row_size(of_weights->vec_dot_type, depth));
  for (const std::int64_t columns : {1, 2, 3, 4, 5, 9}) {
    const auto inputs = random_floats(depth * columns, 2);
    const auto one_thread = product(weights, inputs, 1);
    EXPECT_EQ(one_thread, product(weights, inputs, 2)) << columns << " columns";
    for (std::int64_t j = 0; j < columns; ++j) {
      of_inputs->from_float(inputs.data() + j * depth, column.data(), depth);
      for (std::int64_t i = 0; i < rows; ++i) {
        float expected = 0;
        of_weights->vec_dot(depth, &expected, 0, weights.data() + row_bytes * static_cast<std::size_t>(i), 0,
                            column.data(), 0, 1);
        EXPECT_EQ(one_thread[static_cast<std::size_t>(j * rows + i)], expected)
            << columns << " columns, row " << i << ", column " << j;
      }
    }
  }
}

}  // namespace
}  // namespace bastide::models::local
