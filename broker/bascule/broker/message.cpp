#include "bascule/broker/message.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

namespace bascule::broker {
namespace {

thread_local std::uint64_t bytes_in_memory = 0;

/// What stands in front of the body: the header's fields, and where the body starts.
struct Front {
  Header header;
  std::uint32_t offset = 0;
};

std::optional<Front> read_front(Bytes bytes) noexcept {
  Front front;
  Reader reader(bytes);
  while (!reader.empty()) {
    const std::uint8_t* start = reader.position();
    const auto section = reader.section();
    if (!section) return {};
    if (*section != Section::header && *section != Section::delivery_annotations) {
      front.offset = static_cast<std::uint32_t>(start - bytes.data());
      return front;
    }
    const auto value = reader.value();
    if (reader.failed()) return {};
    if (*section == Section::delivery_annotations) continue;
    const auto header = decode_header(value);
    if (!header) return {};
    front.header = *header;
  }
  return {};  // a message without a body section is none
}

}  // namespace

std::uint64_t Message::in_memory() noexcept { return bytes_in_memory; }

void MessageRef::destroy(Message* message) noexcept {
  bytes_in_memory -= message->memory();
  SideBody::release(message->tail_);
  message->~Message();
  std::free(message);
}

std::uint8_t* MessageBuilder::prepare(std::size_t n) {
  const std::size_t wanted = size() + n;
  if (message_ == nullptr || wanted > capacity_) {
    const std::size_t capacity = message_ == nullptr ? n : std::max(wanted, 2 * capacity_);
    void* memory = std::realloc(message_, sizeof(Message) + capacity);
    if (memory == nullptr) throw std::bad_alloc();
    if (message_ == nullptr) bytes_in_memory += sizeof(Message);
    message_ = message_ == nullptr ? ::new (memory) Message() : static_cast<Message*>(memory);
    bytes_in_memory += capacity - capacity_;
    capacity_ = capacity;
  }
  return message_->bytes() + message_->size_;
}

void MessageBuilder::append(Bytes bytes) {
  if (bytes.empty()) return;
  std::memcpy(prepare(bytes.size()), bytes.data(), bytes.size());
  commit(bytes.size());
}

void MessageBuilder::reset() noexcept {
  if (message_ != nullptr) bytes_in_memory -= capacity_ + sizeof(Message);
  std::free(message_);
  message_ = nullptr;
  capacity_ = 0;
}

MessageRef MessageBuilder::finish(Time now) {
  if (message_ == nullptr) return {};
  const auto front = read_front({message_->bytes(), message_->size_});
  if (!front) {
    reset();
    return {};
  }
  if (capacity_ > message_->size_ + message_->size_ / 8 + 64) {  // grown by doubling: give back what is not used
    void* memory = std::realloc(message_, sizeof(Message) + message_->size_);
    if (memory != nullptr) message_ = static_cast<Message*>(memory);
  }
  Message* message = std::exchange(message_, nullptr);
  bytes_in_memory -= std::exchange(capacity_, 0) - message->size_;
  message->offset_ = front->offset;
  message->durable_ = front->header.durable;
  message->priority_ = front->header.priority;
  // A ttl of 0 is how some clients spell "none".
  if (front->header.ttl.value_or(0) != 0) message->expires_ = now + std::chrono::milliseconds(*front->header.ttl);
  return MessageRef(message);
}

EncodedHeader encode(const Header& header) noexcept {
  EncodedHeader out;
  std::uint8_t* at = out.bytes.data() + 5;  // behind descriptor, format code, size; the count follows
  const auto put = [&at](std::uint8_t code, std::uint32_t value, int bytes) {
    *at++ = code;
    for (int i = bytes - 1; i >= 0; --i) *at++ = static_cast<std::uint8_t>(value >> (8 * i));
  };
  const int fields = header.delivery_count != 0 ? 5
                     : header.first_acquirer    ? 4
                     : header.ttl               ? 3
                     : header.priority != 4     ? 2
                                                : 1;
  *at++ = static_cast<std::uint8_t>(fields);
  put(header.durable ? 0x41 : 0x42, 0, 0);
  if (fields > 1) put(0x50, header.priority, 1);
  if (fields > 2) header.ttl ? put(0x70, *header.ttl, 4) : put(0x40, 0, 0);
  if (fields > 3) put(header.first_acquirer ? 0x41 : 0x42, 0, 0);
  if (fields > 4) put(0x70, header.delivery_count, 4);
  out.size = static_cast<std::uint8_t>(at - out.bytes.data());
  out.bytes[0] = 0x00;
  out.bytes[1] = 0x53;
  out.bytes[2] = 0x70;
  out.bytes[3] = 0xc0;
  out.bytes[4] = static_cast<std::uint8_t>(out.size - 5);
  return out;
}

std::optional<Header> decode_header(Bytes list) noexcept {
  Header header;
  std::uint32_t count = 0;
  Reader reader = Reader(list).items(count);
  if (count > 5) return {};
  if (count > 0) header.durable = reader.boolean().value_or(false);
  if (count > 1) {
    const auto priority = reader.unsigned_integer().value_or(4);
    header.priority = static_cast<std::uint8_t>(std::min<std::uint64_t>(priority, 9));
  }
  if (count > 2) {
    if (const auto ttl = reader.unsigned_integer()) header.ttl = static_cast<std::uint32_t>(*ttl);
  }
  if (count > 3) header.first_acquirer = reader.boolean().value_or(false);
  if (count > 4) header.delivery_count = static_cast<std::uint32_t>(reader.unsigned_integer().value_or(0));
  if (reader.failed()) return {};
  return header;
}

MessageRef make_message(Bytes bytes, Time now) {
  MessageBuilder builder;
  builder.append(bytes);
  return builder.finish(now);
}

}  // namespace bascule::broker
