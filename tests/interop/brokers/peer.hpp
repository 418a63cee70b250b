// broker-peer: one part of the platform on a broker, for tests: it says on standard output, line by line, what happens.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <iostream>
#include <string>
#include <vector>

#include "bascule/amqp/client.hpp"

namespace bascule::test {

namespace asio = boost::asio;
using Words = std::vector<std::string>;

inline void say(const std::string& line) { std::cout << line << std::endl; }

/// Each runs until it has done what it was told, or for ever. Throws what went wrong.
asio::awaitable<void> serve(amqp::Client& connection, Words words);
asio::awaitable<void> call(amqp::Client& connection, Words words);
asio::awaitable<void> publish(amqp::Client& connection, Words words);
asio::awaitable<void> subscribe(amqp::Client& connection, Words words);
asio::awaitable<void> refuse(amqp::Client& connection, Words words);
asio::awaitable<void> read(amqp::Client& connection, Words words);

asio::awaitable<void> pause(amqp::Client& connection, std::chrono::milliseconds time);

}  // namespace bascule::test
