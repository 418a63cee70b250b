// The broker's names for the AMQP codec of core (bascule/amqp/reader.hpp, writer.hpp): it reads messages in place, which
// it otherwise keeps as opaque bytes, and writes few of its own.
#pragma once

#include "bascule/amqp/reader.hpp"
#include "bascule/amqp/writer.hpp"

namespace bascule::broker {

using amqp::as_text;
using amqp::Bytes;
using amqp::Reader;
using amqp::Section;
using Writer = amqp::BasicWriter<std::vector<std::uint8_t>>;

}  // namespace bascule::broker
