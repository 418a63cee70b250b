#include "bascule/http/message_reader.hpp"

namespace bascule::http {
namespace {
constexpr Rejection disagreement{400, "parsers_disagree", "the message has no one meaning"};
constexpr Rejection slow_head{408, "head_time", "the request's head took too long"};
constexpr Rejection slow_body{408, "body_rate", "the request's body came too slowly"};
}  // namespace

MessageReader::State MessageReader::refuse(const Rejection& rejection) {
  rejection_ = rejection;
  return state_ = State::refused;
}

MessageReader::State MessageReader::feed(Clock::time_point now) {
  if (state_ == State::idle) {
    // One empty line before a request is skipped (RFC 9112, 2.2): old clients send it behind a body.
    if (!skipped_line_ && buffer_.data().starts_with("\r\n")) {
      buffer_.consume(2);
      skipped_line_ = true;
    }
    if (since_ == Clock::time_point{} || !buffer_.data().empty()) since_ = now;
    if (buffer_.data().empty() || (!skipped_line_ && buffer_.data() == "\r")) return state_;
    state_ = State::head;
  }
  if (state_ == State::head) {
    if (read_head() != State::body) return state_;
    body_since_ = now;
  }
  return state_ == State::body ? read_body() : state_;
}

MessageReader::State MessageReader::read_head() {
  switch (head_guard_.feed(buffer_.data())) {
    case HeadGuard::State::need_more: return state_;
    case HeadGuard::State::refused: return refuse(head_guard_.rejection());
    case HeadGuard::State::done: break;
  }
  const FieldRules& rules = head_guard_.rules();
  continue_ = rules.expects_continue() && !head_guard_.http_1_0();
  if (rules.chunked()) {
    chunked_head_ = buffer_.data().substr(0, head_guard_.size());
    buffer_.consume(head_guard_.size());
    if (!parse_head(chunked_head_)) return refuse(disagreement);
    chunk_decoder_.emplace(*limits_);
  }
  return state_ = State::body;
}

bool MessageReader::parse_head(std::string_view head) {
  RequestParser parser(request_);
  if (!parser.read(head)) return false;
  const FieldRules& rules = head_guard_.rules();
  return request_.fields.size() == head_guard_.field_count() && request_.http_1_0 == head_guard_.http_1_0() &&
         parser.chunked() == rules.chunked() &&
         (rules.chunked() || parser.content_length().value_or(0) == rules.content_length());
}

MessageReader::State MessageReader::read_body() {
  if (head_guard_.rules().chunked()) return read_chunks();
  const std::size_t head = head_guard_.size();
  const auto length = static_cast<std::size_t>(head_guard_.rules().content_length());
  body_bytes_ = buffer_.data().size() - head;
  if (body_bytes_ < length) return state_;
  if (!parse_head(buffer_.data().substr(0, head))) return refuse(disagreement);
  request_.body = buffer_.data().substr(head, length);
  request_.bytes = head + length;
  request_.arrived = since_;
  return state_ = State::whole;
}

MessageReader::State MessageReader::read_chunks() {
  std::size_t taken = 0;
  const ChunkDecoder::State state = chunk_decoder_->feed(buffer_.data(), taken, chunked_body_);
  if (state == ChunkDecoder::State::refused) return refuse(chunk_decoder_->rejection());
  buffer_.consume(taken);
  body_bytes_ += taken;
  if (state != ChunkDecoder::State::done) return state_;
  request_.body = chunked_body_;
  request_.bytes = chunked_head_.size() + body_bytes_;
  request_.arrived = since_;
  return state_ = State::whole;
}

void MessageReader::next() {
  if (!chunk_decoder_)
    buffer_.consume(head_guard_.size() + static_cast<std::size_t>(head_guard_.rules().content_length()));
  request_.clear();
  chunk_decoder_.reset();
  chunked_head_.clear();
  chunked_body_.clear();
  head_guard_ = HeadGuard(*limits_);
  body_bytes_ = 0;
  since_ = {};
  skipped_line_ = continue_ = false;
  state_ = State::idle;
}

bool MessageReader::take_continue() noexcept {
  const bool wanted = continue_ && state_ == State::body && body_bytes_ == 0;
  if (wanted) continue_ = false;
  return wanted;
}

std::optional<Rejection> MessageReader::overdue(Clock::time_point now) const {
  if (since_ == Clock::time_point{}) return std::nullopt;
  if (state_ == State::idle && now - since_ > limits_->idle_time) return Rejection{408, "idle", ""};
  if (state_ == State::head && now - since_ > limits_->head_time) return slow_head;
  if (state_ != State::body) return std::nullopt;
  const auto spent = now - body_since_;
  if (spent <= limits_->body_grace) return std::nullopt;
  const double seconds = std::chrono::duration<double>(spent).count();
  if (static_cast<double>(body_bytes_) >= seconds * static_cast<double>(limits_->body_rate)) return std::nullopt;
  return slow_body;
}

}  // namespace bascule::http
