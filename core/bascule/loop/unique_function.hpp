// UniqueFunction: a callable that is moved, never copied, so that it may own what it captures.
//
// std::move_only_function is C++23. Small closures (up to 6 pointers) are held in place: a call's completion costs no
// allocation.
// Thread safety: none of its own.
#pragma once

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace bascule {

template <class Signature>
class UniqueFunction;

template <class R, class... Args>
class UniqueFunction<R(Args...)> {
 public:
  UniqueFunction() noexcept = default;
  UniqueFunction(std::nullptr_t) noexcept {}  // NOLINT(google-explicit-constructor)

  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, UniqueFunction> &&
             std::is_invocable_r_v<R, std::decay_t<F>&, Args...>)
  UniqueFunction(F&& f) {  // NOLINT(google-explicit-constructor)
    using T = std::decay_t<F>;
    if constexpr (fits<T>) {
      ::new (static_cast<void*>(storage_)) T(std::forward<F>(f));
    } else {
      ::new (static_cast<void*>(storage_)) T*(new T(std::forward<F>(f)));
    }
    ops_ = &operations<T>;
  }
  UniqueFunction(UniqueFunction&& other) noexcept : ops_(std::exchange(other.ops_, nullptr)) {
    if (ops_ != nullptr) ops_->relocate(other.storage_, storage_);
  }
  UniqueFunction& operator=(UniqueFunction&& other) noexcept {
    if (this != &other) {
      reset();
      ops_ = std::exchange(other.ops_, nullptr);
      if (ops_ != nullptr) ops_->relocate(other.storage_, storage_);
    }
    return *this;
  }
  ~UniqueFunction() { reset(); }

  explicit operator bool() const noexcept { return ops_ != nullptr; }
  /// Undefined when empty.
  R operator()(Args... args) { return ops_->invoke(storage_, std::forward<Args>(args)...); }

 private:
  static constexpr std::size_t capacity = 6 * sizeof(void*);
  template <class T>
  static constexpr bool fits =
      sizeof(T) <= capacity && alignof(T) <= alignof(std::max_align_t) && std::is_nothrow_move_constructible_v<T>;

  struct Operations {
    R (*invoke)(void*, Args&&...);
    void (*relocate)(void* from, void* to) noexcept;
    void (*destroy)(void*) noexcept;
  };
  template <class T>
  static T& target(void* storage) noexcept {
    if constexpr (fits<T>) {
      return *std::launder(static_cast<T*>(storage));
    } else {
      return **std::launder(static_cast<T**>(storage));
    }
  }
  template <class T>
  static constexpr Operations operations{
      [](void* s, Args&&... args) -> R { return target<T>(s)(std::forward<Args>(args)...); },
      [](void* from, void* to) noexcept {
        if constexpr (fits<T>) {
          ::new (to) T(std::move(target<T>(from)));
          target<T>(from).~T();
        } else {
          ::new (to) T*(&target<T>(from));
        }
      },
      [](void* s) noexcept {
        if constexpr (fits<T>) {
          target<T>(s).~T();
        } else {
          delete &target<T>(s);
        }
      }};

  void reset() noexcept {
    if (ops_ != nullptr) std::exchange(ops_, nullptr)->destroy(storage_);
  }

  const Operations* ops_ = nullptr;
  alignas(std::max_align_t) std::byte storage_[capacity];
};

}  // namespace bascule
