#include "governance/merkle.h"

#include <bit>
#include <cassert>
#include <string>

namespace bastide::governance {
namespace {

std::string_view view(const Hash& hash) { return {reinterpret_cast<const char*>(hash.data()), hash.size()}; }

/// The largest power of two below `n`; n > 1.
std::int64_t split(std::int64_t n) {
  return static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(n) - 1));
}

/// MTH over the leaves [begin, end), which RFC 9162's recursion only asks for where `begin` is aligned.
Result<Hash> range_hash(NodeSource& nodes, std::int64_t begin, std::int64_t end) {
  const std::int64_t count = end - begin;
  if (std::has_single_bit(static_cast<std::uint64_t>(count))) {
    const int level = std::countr_zero(static_cast<std::uint64_t>(count));
    return nodes.at(level, begin >> level);
  }
  const std::int64_t middle = begin + split(count);
  auto left = range_hash(nodes, begin, middle);
  if (!left) return left;
  auto right = range_hash(nodes, middle, end);
  if (!right) return right;
  return node_hash(*left, *right);
}

/// Walks down, then adds the siblings from the leaf up.
Result<void> add_path(NodeSource& nodes, std::int64_t index, std::int64_t begin, std::int64_t end,
                      std::vector<Hash>& proof) {
  if (end - begin <= 1) return {};
  const std::int64_t middle = begin + split(end - begin);
  const bool is_left = index < middle;
  auto below =
      is_left ? add_path(nodes, index, begin, middle, proof) : add_path(nodes, index, middle, end, proof);
  if (!below) return below;
  auto sibling = is_left ? range_hash(nodes, middle, end) : range_hash(nodes, begin, middle);
  if (!sibling) return pass(sibling);
  proof.push_back(*sibling);
  return {};
}

/// SUBPROOF(m, D[begin:end], whole) of 2.1.4.1, with `m` counted from 0.
Result<void> add_subproof(NodeSource& nodes, std::int64_t m, std::int64_t begin, std::int64_t end, bool whole,
                          std::vector<Hash>& proof) {
  if (m == end) {
    if (whole) return {};
    auto hash = range_hash(nodes, begin, end);
    if (!hash) return pass(hash);
    proof.push_back(*hash);
    return {};
  }
  const std::int64_t middle = begin + split(end - begin);
  const bool is_left = m <= middle;
  auto below = is_left ? add_subproof(nodes, m, begin, middle, whole, proof)
                       : add_subproof(nodes, m, middle, end, false, proof);
  if (!below) return below;
  auto sibling = is_left ? range_hash(nodes, middle, end) : range_hash(nodes, begin, middle);
  if (!sibling) return pass(sibling);
  proof.push_back(*sibling);
  return {};
}

}  // namespace

Hash leaf_hash(std::string_view entry) {
  Sha256Stream stream;
  stream.update(std::string_view("\0", 1));
  stream.update(entry);
  return stream.finish();
}

Hash node_hash(const Hash& left, const Hash& right) {
  Sha256Stream stream;
  stream.update("\x01");
  stream.update(view(left));
  stream.update(view(right));
  return stream.finish();
}

Hash empty_root() { return sha256({}); }

Result<Hash> root_of(NodeSource& nodes, std::int64_t size) {
  if (size <= 0) return empty_root();
  return range_hash(nodes, 0, size);
}

Result<std::vector<Hash>> inclusion_proof(NodeSource& nodes, std::int64_t index, std::int64_t size) {
  assert(index >= 0 && index < size);
  std::vector<Hash> proof;
  auto added = add_path(nodes, index, 0, size, proof);
  if (!added) return pass(added);
  return proof;
}

Result<std::vector<Hash>> consistency_proof(NodeSource& nodes, std::int64_t old_size, std::int64_t size) {
  assert(old_size > 0 && old_size <= size);
  std::vector<Hash> proof;
  auto added = add_subproof(nodes, old_size, 0, size, true, proof);
  if (!added) return pass(added);
  return proof;
}

Result<std::vector<Node>> nodes_completed_by(NodeSource& nodes, std::int64_t position, const Hash& leaf) {
  std::vector<Node> completed;
  Hash hash = leaf;
  for (int level = 0; position & 1; ++level, position >>= 1) {
    auto left = nodes.at(level, position - 1);
    if (!left) return pass(left);
    hash = node_hash(*left, hash);
    completed.push_back({level + 1, position >> 1, hash});
  }
  return completed;
}

bool verify_inclusion(const Hash& leaf, std::uint64_t index, std::uint64_t size, std::span<const Hash> proof,
                      const Hash& root) {
  if (index >= size) return false;
  std::uint64_t fn = index;
  std::uint64_t sn = size - 1;
  Hash hash = leaf;
  for (const auto& sibling : proof) {
    if (sn == 0) return false;
    if ((fn & 1) || fn == sn) {
      hash = node_hash(sibling, hash);
      while (fn != 0 && !(fn & 1)) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      hash = node_hash(hash, sibling);
    }
    fn >>= 1;
    sn >>= 1;
  }
  return sn == 0 && hash == root;
}

bool verify_consistency(std::uint64_t old_size, std::uint64_t size, std::span<const Hash> proof,
                        const Hash& old_root, const Hash& root) {
  if (old_size == 0 || old_size > size) return false;
  if (old_size == size) return proof.empty() && old_root == root;
  if (proof.empty()) return false;
  // A tree whose size is a power of two is itself the first node of the path.
  const bool whole = std::has_single_bit(old_size);
  std::uint64_t fn = old_size - 1;
  std::uint64_t sn = size - 1;
  while (fn & 1) {
    fn >>= 1;
    sn >>= 1;
  }
  Hash old_hash = whole ? old_root : proof.front();
  Hash hash = old_hash;
  for (const auto& sibling : proof.subspan(whole ? 0 : 1)) {
    if (sn == 0) return false;
    if ((fn & 1) || fn == sn) {
      old_hash = node_hash(sibling, old_hash);
      hash = node_hash(sibling, hash);
      while (fn != 0 && !(fn & 1)) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      hash = node_hash(hash, sibling);
    }
    fn >>= 1;
    sn >>= 1;
  }
  return sn == 0 && old_hash == old_root && hash == root;
}

void TreeHasher::push(const Hash& leaf, const std::function<void(const Node&)>& completed) {
  Hash hash = leaf;
  std::int64_t position = size_;
  for (int level = 0; position & 1; ++level, position >>= 1) {
    hash = node_hash(peaks_.back(), hash);
    peaks_.pop_back();
    if (completed) completed({level + 1, position >> 1, hash});
  }
  peaks_.push_back(hash);
  ++size_;
}

Hash TreeHasher::root() const {
  if (peaks_.empty()) return empty_root();
  Hash hash = peaks_.back();
  for (auto peak = peaks_.rbegin() + 1; peak != peaks_.rend(); ++peak) hash = node_hash(*peak, hash);
  return hash;
}

}  // namespace bastide::governance
