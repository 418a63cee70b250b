// RequestParser: Beast's parser, writing views of a head into a Request instead of a container of fields.
//
// What: the head must be given whole (HeadGuard found its end), so that Beast's views stay views. Bodies are
// not given to it: their length is known from the head, or ChunkDecoder takes them. Errors: the guard lets
// through only what Beast must take, so a refusal here means that the two disagree: the caller refuses the
// message. Thread safety: none of its own.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <string_view>

#include "bascule/http/request.hpp"

namespace bascule::http {

class RequestParser : public boost::beast::http::basic_parser<true> {
  using base = boost::beast::http::basic_parser<true>;
  using error_code = boost::beast::error_code;
  using string_view = boost::beast::string_view;

 public:
  /// `request` must outlive it. One parser reads one head.
  explicit RequestParser(Request& request);
  /// False when Beast does not take exactly these bytes as a head.
  bool read(std::string_view head);

 private:
  void on_request_impl(boost::beast::http::verb, string_view method, string_view target, int version,
                       error_code&) override;
  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_field_impl(boost::beast::http::field, string_view name, string_view value, error_code&) override;
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view body, error_code&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code&) override { return body.size(); }
  void on_finish_impl(error_code&) override {}

  Request& request_;
};

}  // namespace bascule::http
