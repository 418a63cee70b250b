#include <gtest/gtest.h>

#include "bascule/amqp/scram.hpp"

namespace bascule::amqp {
namespace {

// RFC 7677, section 3.
const std::string client_nonce = "rOprNGfwEbeRWgbNEkqO", server_nonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
const std::string salt = *from_base64("W22ZaJ0SNY7soEsUEjb6gQ==");
const std::string client_first = "n,,n=user,r=" + client_nonce;
const std::string server_first = "r=" + client_nonce + server_nonce + ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
const std::string client_final =
    "c=biws,r=" + client_nonce + server_nonce + ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
const std::string server_final = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

TEST(Scram, TheExampleOfTheRfc) {
  ScramClient client("user", "pencil", nullptr, client_nonce);
  EXPECT_EQ(client.first(), client_first);
  EXPECT_EQ(client.respond(server_first), client_final);
  EXPECT_TRUE(client.verify(server_final));

  ScramServer server(server_nonce);
  EXPECT_EQ(server.begin(client_first), "user");
  EXPECT_EQ(server.challenge(ScramKeys::derive("pencil", salt, 4096)), server_first);
  EXPECT_EQ(server.finish(client_final), server_final);
}

TEST(Scram, EveryChangedByteOfTheProofFails) {
  for (std::size_t i = 0; i < client_final.size(); ++i) {
    auto changed = client_final;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    ScramServer server(server_nonce);
    server.begin(client_first);
    server.challenge(ScramKeys::derive("pencil", salt, 4096));
    EXPECT_EQ(server.finish(changed), std::nullopt) << changed;
  }
}

TEST(Scram, EveryChangedByteOfTheServersProofFails) {
  ScramClient client("user", "pencil", nullptr, client_nonce);
  client.respond(server_first);
  for (std::size_t i = 0; i < server_final.size(); ++i) {
    auto changed = server_final;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(client.verify(changed)) << changed;
  }
  EXPECT_FALSE(client.verify("e=unknown-user"));
}

TEST(Scram, AnotherSessionsProofIsWorthless) {
  ScramServer server;  // with a nonce of its own
  server.begin(client_first);
  server.challenge(ScramKeys::derive("pencil", salt, 4096));
  EXPECT_EQ(server.finish(client_final), std::nullopt);
}

TEST(Scram, MalformedFirstMessagesAreRefused) {
  for (const auto* message :
       {"", "n", "n,", "n,,", "n,,n=user", "n,,r=x", "n,,n=,r=x", "n,,n=user,r=", "p=tls-unique,,n=user,r=x",
        "n,,m=ext,n=user,r=x", "n,a=other,n=user,r=x", "n,x,n=user,r=x", "n,,n=us=er,r=x", "n,,n=us=2,r=x",
        "n,,n=user,r=a b", "x,,n=user,r=a"}) {
    EXPECT_EQ(ScramServer().begin(message), std::nullopt) << message;
  }
  EXPECT_EQ(ScramServer().begin("y,,n=user,r=x"), "user");
  EXPECT_EQ(ScramServer().begin("n,a=user,n=user,r=x"), "user");
  EXPECT_EQ(ScramServer().begin("n,,n=a=2Cb=3Dc,r=x"), "a,b=c");
}

TEST(Scram, AnInsistingServerIsRefused) {
  const std::string good = "r=" + client_nonce + "more,s=c2FsdA==,i=";
  for (const auto& message :
       {good + "1", good + "4095", good + "1000001", good + "99999999999", good + "-1", good + "4096x", std::string(),
        "r=" + client_nonce + ",s=c2FsdA==,i=4096", std::string("r=another,s=c2FsdA==,i=4096"),
        "r=" + client_nonce + "more,s=,i=4096", "r=" + client_nonce + "more,s=***=,i=4096", "m=x," + good + "4096"}) {
    ScramClient client("user", "pencil", nullptr, client_nonce);
    EXPECT_EQ(client.respond(message), std::nullopt) << message;
  }
}

TEST(Scram, TheIterationsAreDoneOncePerClient) {
  const auto memory = std::make_shared<SaltedPassword>();
  ScramClient first("user", "pencil", memory, client_nonce);
  EXPECT_EQ(first.respond(server_first), client_final);
  memory->value[0] ^= 1;  // seen only if it is used
  ScramClient again("user", "pencil", memory, client_nonce);
  EXPECT_NE(again.respond(server_first), client_final);
}

TEST(Scram, KeysMatchTheirPasswordOnly) {
  const auto keys = ScramKeys::derive("pencil", salt, 4096);
  EXPECT_TRUE(keys.match("pencil"));
  EXPECT_FALSE(keys.match("Pencil"));
  EXPECT_FALSE(keys.match(""));
}

TEST(Base64, IsStrict) {
  for (const std::string bytes : {"", "a", "ab", "abc", "\xff\xfe"}) EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
  for (const auto* text : {"a", "YQ=", "YQ", "YR==", "YQ==\n", "Y Q=", "====", "YQ==YQ=="}) {
    EXPECT_EQ(from_base64(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace bascule::amqp
