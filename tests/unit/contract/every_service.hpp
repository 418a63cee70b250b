// A service of every type: it answers with what it gets, and keeps it for the test to look at.
#pragma once

#include "every/every_type.service.hpp"

namespace bascule::test {

class EveryService final : public every::EveryBase {
 public:
  template <class T>
  using Task = boost::asio::awaitable<T>;
  using Context = service::Context;

  Task<std::string> echo_base(Context&, std::string text) override { co_return text; }
  Task<every::Scalars> scalars(Context&, every::Scalars value) override;
  Task<every::Presence> presence(Context&, every::Presence value) override;
  Task<every::Containers> containers(Context&, every::Containers value) override;
  Task<every::Keys> keys(Context&, every::Keys value) override;
  Task<every::Node> node(Context&, every::Node value) override;
  Task<every::Choice> choice(Context&, every::Choice value) override;
  Task<every::Awkward> awkward(Context&, every::Awkward value) override;
  Task<every::Checked> checked(Context&, every::Checked value) override;
  Task<std::string> join(Context&, bool flag, std::int8_t tiny, std::int16_t small, std::int32_t medium,
                         std::int64_t large, double real, std::string text, std::string data,
                         every_common::Colour::type colour, std::vector<std::int32_t> numbers,
                         std::map<std::string, std::int64_t> table, std::int32_t limit) override;
  Task<std::vector<std::string>> str(Context&, std::vector<std::string> items) override { co_return items; }
  Task<std::map<std::int32_t, std::vector<every_common::Point>>> map_of(
      Context&, std::map<std::int32_t, std::vector<every_common::Point>> value) override {
    co_return value;
  }
  Task<every_common::Colour::type> colour(Context&, every_common::Colour::type value) override { co_return value; }
  Task<bool> negate(Context&, bool value) override { co_return !value; }
  Task<std::string> reverse(Context&, std::string data) override { co_return std::string(data.rbegin(), data.rend()); }
  Task<void> nothing(Context&) override { co_return; }
  Task<std::int32_t> fail(Context&, std::int32_t code) override;
  Task<void> fail_void(Context&, std::int32_t code) override;
  Task<void> tell(Context&, every::Happened event) override;
  Task<std::string> slow(Context&, std::int32_t) override { co_return "done"; }

  // What came last.
  every::Scalars last_scalars;
  every::Presence last_presence;
  every::Containers last_containers;
  every::Keys last_keys;
  every::Node last_node;
  every::Choice last_choice;
  every::Awkward last_awkward;
  every::Checked last_checked;
  std::vector<every::Happened> told;
};

}  // namespace bascule::test
