// A state as llama.cpp writes it, with numbers that tell where they belong.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

namespace bastide::models::test {

template <class T>
void put_number(std::string& out, T value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out.append(bytes, sizeof(T));
}

enum class Values : std::uint32_t { rows = 0, columns = 1 };
enum class Places { none, each_cell };

/// Two layers of 3 keys and 2 values of 2 bytes a cell, from position `first` on.
inline std::string made_state(std::uint32_t cells, std::uint32_t slots, std::size_t sections,
                              Values values = Values::columns, std::uint32_t first = 0,
                              Places places = Places::none) {
  std::string out;
  put_number(out, std::uint32_t{0xaf143cd8});
  put_number(out, std::int32_t{0});
  for (std::size_t section = 0; section < sections; ++section) {
    put_number(out, slots);
    put_number(out, cells);
    for (std::uint32_t cell = first; cell < first + cells; ++cell) {
      put_number(out, static_cast<std::int32_t>(cell));
      put_number(out, std::uint32_t{1});
      for (int number = 0; number < 3 && places == Places::each_cell; ++number)
        put_number(out, static_cast<std::int32_t>(cell + 7 * number));
      put_number(out, std::int32_t{0});
    }
    put_number(out, static_cast<std::uint32_t>(values));
    put_number(out, std::uint32_t{2});
    for (std::uint16_t layer = 0; layer < 2; ++layer) {
      put_number(out, std::int32_t{1});
      put_number(out, std::uint64_t{6});
      for (std::uint32_t cell = first; cell < first + cells; ++cell)
        for (std::uint32_t key = 0; key < 3; ++key)
          put_number(out, static_cast<std::uint16_t>(1000 * (layer + 2 * section) + 10 * cell + key));
    }
    for (std::uint16_t layer = 0; layer < 2 && values == Values::rows; ++layer) {
      put_number(out, std::int32_t{1});
      put_number(out, std::uint64_t{4});
      for (std::uint32_t cell = first; cell < first + cells; ++cell)
        for (std::uint32_t value = 0; value < 2; ++value)
          put_number(out,
                     static_cast<std::uint16_t>(30000 + 1000 * (layer + 2 * section) + 10 * cell + value));
    }
    for (std::uint16_t layer = 0; layer < 2 && values == Values::columns; ++layer) {
      put_number(out, std::int32_t{1});
      put_number(out, std::uint32_t{2});
      put_number(out, std::uint32_t{2});
      for (std::uint32_t value = 0; value < 2; ++value)
        for (std::uint32_t cell = first; cell < first + cells; ++cell)
          put_number(out,
                     static_cast<std::uint16_t>(30000 + 1000 * (layer + 2 * section) + 10 * cell + value));
    }
    for (std::uint32_t slot = 1; slot < slots; ++slot) put_number(out, std::uint32_t{0});
  }
  return out;
}

}  // namespace bastide::models::test
