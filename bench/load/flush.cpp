// The disk alone: bench-flush FILE COUNT BYTES   appends BYTES to a file that was written over before, and flushes each with
// fdatasync before the next. What no broker that flushes before it says `accepted` can beat at that batch size.
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "report.hpp"

namespace {
[[noreturn]] void fail(const char* what) {
  std::cerr << "bench-flush: " << what << "\n";
  std::exit(1);
}
}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) fail("usage: bench-flush FILE COUNT BYTES");
  const std::size_t count = std::strtoul(argv[2], nullptr, 10), size = std::strtoul(argv[3], nullptr, 10);
  const int file = ::open(argv[1], O_RDWR | O_CREAT | O_TRUNC, 0600);
  if (file < 0) fail("cannot make the file");
  const std::string bytes(size, 'x');
  for (std::size_t i = 0; i < count; ++i) {
    if (::pwrite(file, bytes.data(), size, static_cast<off_t>(i * size)) < 0) fail("cannot write");
  }
  if (::fsync(file) != 0) fail("cannot flush");
  bench::Report report(count);
  report.begin();
  for (std::size_t i = 0; i < count; ++i) {
    const auto since = bench::now_ns();
    if (::pwrite(file, bytes.data(), size, static_cast<off_t>(i * size)) < 0) fail("cannot write");
    if (::fdatasync(file) != 0) fail("cannot flush");
    report.done(since);
  }
  report.print();
  ::unlink(argv[1]);
}
