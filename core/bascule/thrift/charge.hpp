// charge: what a container's elements will take, counted before any of them is made (Limits::memory).
//
// Generated code calls it between reading a container's size and making room: an element may take one byte on the wire and
// sizeof(struct) here. Protocols that keep no count (Apache's own) are left alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bascule::thrift {

/// Bytes that an element costs inside the container, its heap left aside.
template <class Container>
constexpr std::size_t footprint = sizeof(typename Container::value_type) + 4 * sizeof(void*);  // a tree's node
template <class T>
constexpr std::size_t footprint<std::vector<T>> = sizeof(T);

template <class Protocol, class Container>
void charge(Protocol& in, const Container&, std::uint32_t size) {
  if constexpr (requires { in.charge(std::size_t{}); }) in.charge(size * footprint<Container>);
}

}  // namespace bascule::thrift
