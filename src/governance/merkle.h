// Merkle trees as in RFC 9162, section 2.1: roots, proofs, and how an outsider checks them. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/crypto.h"
#include "base/result.h"

namespace bastide::governance {

using Hash = Sha256;

/// SHA-256(0x00 || entry)
[[nodiscard]] Hash leaf_hash(std::string_view entry);
/// SHA-256(0x01 || left || right)
[[nodiscard]] Hash node_hash(const Hash& left, const Hash& right);
/// SHA-256 of nothing: the root of the empty tree.
[[nodiscard]] Hash empty_root();

/// The subtree over the leaves [position << level, (position + 1) << level); level 0 is a leaf.
struct Node {
  int level = 0;
  std::int64_t position = 0;
  Hash hash{};
};

/// Hashes of complete subtrees, wherever they are kept.
class NodeSource {
 public:
  virtual ~NodeSource() = default;
  virtual Result<Hash> at(int level, std::int64_t position) = 0;
};

/// The tree's root over its first `size` leaves: O(log size) nodes.
[[nodiscard]] Result<Hash> root_of(NodeSource& nodes, std::int64_t size);
/// That leaf `index` is in the tree of `size` leaves (2.1.3.1). index < size.
[[nodiscard]] Result<std::vector<Hash>> inclusion_proof(NodeSource& nodes, std::int64_t index,
                                                        std::int64_t size);
/// That the tree of `size` leaves begins with the one of `old_size` (2.1.4.1). 0 < old_size <= size.
[[nodiscard]] Result<std::vector<Hash>> consistency_proof(NodeSource& nodes, std::int64_t old_size,
                                                          std::int64_t size);
/// The inner nodes that leaf `position` completes, from the lowest up. Reads their left halves from `nodes`.
[[nodiscard]] Result<std::vector<Node>> nodes_completed_by(NodeSource& nodes, std::int64_t position,
                                                           const Hash& leaf);

/// 2.1.3.2
[[nodiscard]] bool verify_inclusion(const Hash& leaf, std::uint64_t index, std::uint64_t size,
                                    std::span<const Hash> proof, const Hash& root);
/// 2.1.4.2. A proof from the empty tree says nothing and is not accepted.
[[nodiscard]] bool verify_consistency(std::uint64_t old_size, std::uint64_t size, std::span<const Hash> proof,
                                      const Hash& old_root, const Hash& root);

/// Recomputes a tree from its leaves in turn, in O(log size) memory.
class TreeHasher {
 public:
  /// Gives every inner node that `leaf` completes to `completed`.
  void push(const Hash& leaf, const std::function<void(const Node&)>& completed = {});
  [[nodiscard]] std::int64_t size() const { return size_; }
  [[nodiscard]] Hash root() const;

 private:
  std::int64_t size_ = 0;
  std::vector<Hash> peaks_;  // of the complete subtrees, largest first
};

}  // namespace bastide::governance
