// A folder that another version of the broker wrote is not damaged: it is refused by what wrote it and what is read here, with
// what to do, and nothing in it is touched, whoever opens it: a broker or a tool.
#include "bascule/broker/crc32c.hpp"
#include "journal_fixture.hpp"

namespace bascule::broker {
namespace {

using namespace testing;
using ::testing::Test;

/// A journal with a message in it, and then what another version would have written.
struct OtherFormatTest : JournalTest {
  OtherFormatTest() : queue(journal->declare("q", "")) {
    publish("a", {queue});
    commit();
  }
  std::vector<std::uint8_t>& bytes() { return disk.bytes(journal::segment_name(64)); }
  /// The first segment's header as version `n` of the format would begin.
  void of_format(char n) {
    bytes()[7] = static_cast<std::uint8_t>(n);
    seal(0, 60, 60);
  }
  /// One record behind all others, flushed.
  void append(journal::Type type, std::uint8_t version) {
    const auto& segment = journal->ledger().segments().front();
    const Lsn at = segment.start + segment.used;
    std::vector<std::uint8_t> batch(journal::batch_header_size);
    journal::put_record(batch, type, {}, {}, at + journal::batch_header_size);
    journal::seal_batch(batch, {.lsn = at, .previous = journal->log().state().last_batch, .flushed = at, .records = 1});
    std::copy(batch.begin(), batch.end(), bytes().begin() + static_cast<long>(segment.used));
    const std::size_t record = segment.used + journal::batch_header_size;
    bytes()[record + journal::record_header_size + 1] = version;  // type, version
    seal(record + 4, journal::record_header_size - 2, record);
  }
  /// What opening it says; nothing may have changed then. A broker mends, tools go on behind damage.
  std::string refusal(bool tool) {
    const auto before = bytes();
    const auto names = disk.list();
    std::string said;
    try {
      journal::recover(disk, {.mend = !tool, .tolerate = tool});
    } catch (const journal::OtherFormat& refused) {
      said = refused.what();
    }
    EXPECT_EQ(disk.list(), names);
    EXPECT_EQ(bytes(), before);
    return said;
  }
  void expect_refusal(const std::string& found, const std::string& by, const std::string& reads) {
    for (const bool tool : {false, true}) {
      const std::string said = refusal(tool);
      for (const std::string& part :
           {disk.path(journal::segment_name(64)) + " is of " + found, by, reads,
            std::string("move the folder /simulated away"), std::string("Start the version that wrote it")}) {
        EXPECT_NE(said.find(part), std::string::npos) << part << " in: " << said;
      }
      EXPECT_EQ(said.find("damaged"), std::string::npos) << said;
      EXPECT_EQ(said.find("compact"), std::string::npos) << "it would leave all out: " << said;
    }
  }
  const QueueId queue;

 private:
  void seal(std::size_t from, std::size_t size, std::size_t to) {
    std::vector<std::uint8_t> crc;
    journal::put_number(crc, crc32c(Bytes(bytes()).subspan(from, size)), 4);
    std::copy(crc.begin(), crc.end(), bytes().begin() + static_cast<long>(to));
  }
};

TEST_F(OtherFormatTest, AFolderOfAnEarlierVersion) {
  of_format('1');
  expect_refusal("format 1:", "an earlier, unreleased version", "This version reads format 2 only");
}

TEST_F(OtherFormatTest, AFolderOfALaterVersion) {
  of_format('3');
  expect_refusal("format 3:", "a later version", "This version reads format 2 only");
}

TEST_F(OtherFormatTest, ItIsToldAlsoWhereOnlyTheNewestSegmentIsOfAnotherFormat) {
  const Lsn next = journal->ledger().newest()->end();
  auto header = journal::encode(journal::SegmentHeader{next, segment_size});
  header[7] = '3';
  std::vector<std::uint8_t> crc;
  journal::put_number(crc, crc32c(Bytes(header).first(60)), 4);
  std::copy(crc.begin(), crc.end(), header.begin() + 60);
  disk.create(journal::segment_name(next), segment_size, header);
  EXPECT_NE(refusal(false).find(journal::segment_name(next) + " is of format 3"), std::string::npos);
}

TEST_F(OtherFormatTest, AHeaderThatNobodyCanHaveWrittenIsDamaged) {
  bytes()[7] = '1';  // without its checksum
  EXPECT_THROW(journal::recover(disk, {.mend = false}), journal::Damaged);
}

TEST_F(OtherFormatTest, ARecordOfAnotherVersion) {
  append(journal::Type::mark, 9);
  expect_refusal("a newer kind (at offset ", "mark of version 9", "This version reads version 1 only");
}

TEST_F(OtherFormatTest, ARecordOfAnUnknownKind) {
  append(static_cast<journal::Type>(77), 1);
  expect_refusal("a newer kind (at offset ", "kind 77", "This version reads kinds up to 9 only");
}

TEST_F(OtherFormatTest, WhatThisVersionWroteIsRead) {
  append(journal::Type::mark, 1);
  EXPECT_EQ(journal::recover(disk, {.mend = false}).messages.size(), 1U);
}

}  // namespace
}  // namespace bascule::broker
